/* python/module.c - the extension module labelqa._labelqa: the numeric core, nothing that reads
 * files.
 *
 * It is linked with the objects it calls and no more, so that importing it loads neither DuckDB nor
 * XGBoost.
 */
#include "binding.h"

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "labelqa._labelqa",
    .m_doc = "The numeric core of labelqa. Use the labelqa package.",
    .m_size = -1,
};

PyMODINIT_FUNC PyInit__labelqa(void);

PyMODINIT_FUNC PyInit__labelqa(void) {
  PyObject *module = PyModule_Create(&definition);
  if (!module) {
    return NULL;
  }
  if (PyModule_AddFunctions(module, joint_methods) != 0 ||
      PyModule_AddFunctions(module, arrow_methods) != 0 ||
      PyModule_AddFunctions(module, votes_methods) != 0 ||
      PyModule_AddFunctions(module, neighbor_methods) != 0 || !votes_add_type(module) ||
      !problem_add_type(module) || !inspector_add_type(module) || !arrow_add_type(module)) {
    Py_DECREF(module);
    return NULL;
  }
  return module;
}
