/* report/report_list.h - the report files of a run folder, one row each: file name, renderer. No
 * include guard: expanded where they are written. */
REPORT("report.json", lqa_report_json)
REPORT("report.md", lqa_report_markdown)
REPORT("report.html", lqa_report_html)
REPORT("junit.xml", lqa_report_junit)
