/* feature/knn.h - exact nearest neighbours; the interface is labelqa/outliers.h's. */
#ifndef LQA_FEATURE_KNN_H
#define LQA_FEATURE_KNN_H

#include "labelqa/outliers.h"

#endif
