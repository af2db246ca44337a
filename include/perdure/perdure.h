#pragma once
// Everything: include this to write workflows, activities, workers and clients.
#include "perdure/activity.h"
#include "perdure/client.h"
#include "perdure/error.h"
#include "perdure/payload.h"
#include "perdure/version.h"
#include "perdure/worker.h"
#include "perdure/workflow.h"
