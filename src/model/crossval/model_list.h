/* model/crossval/model_list.h - every model that can be asked for, one row each, in the order of
 * the help; "auto" comes before them. No include guard: expanded for the enum (crossval_result.h),
 * the names and the choices of --model (crossval_job.c). */
MODEL(LOGISTIC, "logistic")
MODEL(NAIVE_BAYES, "naive-bayes")
MODEL(TREES, "trees")
MODEL(KNN, "knn")
