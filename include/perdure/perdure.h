#pragma once
// Everything: include this to write workflows, activities, workers and clients.
#include "perdure/activity.h"
#include "perdure/async_activity.h"
#include "perdure/client.h"
#include "perdure/error.h"
#include "perdure/logger.h"
#include "perdure/payload.h"
#include "perdure/search_attributes.h"
#include "perdure/version.h"
#include "perdure/worker.h"
#include "perdure/workflow.h"
