# SPDX-License-Identifier: PostgreSQL
"""The OTLP messages of proto/otlp.proto as classes of Google's library.

They are made from a descriptor set, not from protoc's Python code: that code
wants a library that is as new as protoc.
"""

import os
import subprocess

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PROTO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "proto")


def _pool():
    made = subprocess.run(
        ["protoc", f"--proto_path={PROTO}", "--descriptor_set_out=/dev/stdout", "otlp.proto"],
        check=True, stdout=subprocess.PIPE)
    pool = descriptor_pool.DescriptorPool()
    for each in descriptor_pb2.FileDescriptorSet.FromString(made.stdout).file:
        pool.Add(each)
    return pool


def _message_class(pool, name):
    descriptor = pool.FindMessageTypeByName("genops.otlp." + name)
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)


_POOL = _pool()
ExportTraceServiceRequest = _message_class(_POOL, "ExportTraceServiceRequest")
ExportTraceServiceResponse = _message_class(_POOL, "ExportTraceServiceResponse")
RpcStatus = _message_class(_POOL, "RpcStatus")
