"""One Temporal-compatible service: raw calls, and what they gave in comparable form."""

import os

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")

import grpc  # noqa: E402
from google.protobuf import symbol_database  # noqa: E402
from temporalio.api.common.v1 import GrpcStatus, WorkflowExecution
from temporalio.api.errordetails.v1 import message_pb2 as _details  # noqa: F401  known to the symbol database
from temporalio.api.enums.v1 import WorkflowExecutionStatus
from temporalio.api.workflowservice.v1 import (
    DescribeWorkflowExecutionRequest,
    GetWorkflowExecutionHistoryRequest,
)
from temporalio.api.workflowservice.v1.service_pb2_grpc import WorkflowServiceStub

from normalise import Normaliser, visible_history

RUNNING = WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING


class Service:
    def __init__(self, name, address, prefix="", namespace="default"):
        self.name = name
        self.namespace = namespace
        self.prefix = prefix
        self.normaliser = Normaliser(prefix)
        self._channel = grpc.insecure_channel(address, [("grpc.max_receive_message_length", 64 << 20)])
        self._stub = WorkflowServiceStub(self._channel)
        self.tokens = {}  # of the tasks handed out, by the driver's names for them

    def close(self):
        self._channel.close()

    def call(self, method, request, timeout=15.0):
        """The response, or the grpc.RpcError."""
        try:
            return getattr(self._stub, method)(request, timeout=timeout)
        except grpc.RpcError as error:
            return error

    def comparable(self, answer):
        if not isinstance(answer, grpc.RpcError):
            return self.normaliser.message(answer)
        tree = {"code": answer.code().name, "message": self.normaliser.text(answer.details() or "")}
        for key, value in answer.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                tree["details"] = [self._detail(item) for item in GrpcStatus.FromString(value).details]
        return tree

    def _detail(self, packed):
        detail = symbol_database.Default().GetSymbol(packed.TypeName())()
        packed.Unpack(detail)
        return {packed.TypeName(): self.normaliser.message(detail)}

    def describe(self, workflow_id, run_id=""):
        return self.call(
            "DescribeWorkflowExecution",
            DescribeWorkflowExecutionRequest(
                namespace=self.namespace, execution=WorkflowExecution(workflow_id=workflow_id, run_id=run_id)
            ),
        )

    def history(self, workflow_id, run_id=""):
        """All events, or the grpc.RpcError."""
        events, token = [], b""
        while True:
            page = self.call(
                "GetWorkflowExecutionHistory",
                GetWorkflowExecutionHistoryRequest(
                    namespace=self.namespace,
                    execution=WorkflowExecution(workflow_id=workflow_id, run_id=run_id),
                    next_page_token=token,
                ),
            )
            if isinstance(page, grpc.RpcError):
                return page
            events.extend(page.history.events)
            token = page.next_page_token
            if not token:
                return events

    def run_state(self, workflow_id, run_id=""):
        """(what is compared, description, events) of one run; the latter two None if there is no such run."""
        description = self.describe(workflow_id, run_id)
        if isinstance(description, grpc.RpcError):
            return {"description": self.comparable(description)}, None, None
        info = description.workflow_execution_info
        events = self.history(workflow_id, info.execution.run_id)
        if isinstance(events, grpc.RpcError):
            return {"history": self.comparable(events)}, None, None
        visible = visible_history(events) if info.status == RUNNING else events
        tree = {
            "history": [self.normaliser.message(event) for event in visible],
            "description": self.normaliser.message(description),
        }
        return tree, description, events
