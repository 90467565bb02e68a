"""An application with an OpenAI client that one of OpenTelemetry's instrumentations watches.

Runs as a process of its own, since an instrumentation changes the SDK for the whole process. Arguments: the
instrumentation, the base URL of the API, the address that spans go to, the question, and the protocol (`http` or `grpc`).
"""

import sys

import openai
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult


def checked(exporter):
    """An exporter that says how its exports end."""
    export = exporter.export

    def said(spans):
        result = export(spans)
        print("exported" if result is SpanExportResult.SUCCESS else "failed", len(spans))
        return result

    exporter.export = said
    return exporter


def exporter_to(address, protocol):
    if protocol == "grpc":
        import grpc
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        return OTLPSpanExporter(address, compression=grpc.Compression.Gzip)
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(f"{address}/v1/traces", compression=Compression.Gzip)


def main(instrumentation, base_url, address, question, protocol):
    provider = TracerProvider(resource=Resource.create({"service.name": "assistant"}))
    provider.add_span_processor(BatchSpanProcessor(checked(exporter_to(address, protocol))))
    trace.set_tracer_provider(provider)
    if instrumentation == "openinference":
        from openinference.instrumentation.openai import OpenAIInstrumentor
    else:
        from opentelemetry.instrumentation.openai import OpenAIInstrumentor
    OpenAIInstrumentor().instrument()

    client = openai.OpenAI(base_url=base_url, api_key="sk-secret-openai", max_retries=0, timeout=20)
    tracer = trace.get_tracer("app")
    with tracer.start_as_current_span("work") as work:
        work.set_attribute("gen_ai.operation.name", "invoke_agent")
        work.set_attribute("gen_ai.agent.name", "harbour")
        print("trace", format(work.get_span_context().trace_id, "032x"))
        answer = client.chat.completions.create(
            model="gpt-4o-mini",
            messages=[
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": question},
            ],
            temperature=0.5,
            user="ada",
        )
        print("response", answer.id, answer.usage.prompt_tokens, answer.usage.completion_tokens)
        print("said", answer.choices[0].message.content.replace("\n", " "))
    provider.shutdown()


main(*sys.argv[1:])
