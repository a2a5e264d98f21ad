/** Ends tracing: what was recorded is sent. */
export type StopTracing = () => Promise<void>;

const askedFor = [
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'OTEL_TRACES_EXPORTER',
];

/**
 * Starts OpenTelemetry where one of its standard variables says where spans go; everything else (sampling,
 * headers, protocol, resource) is read from its variables too. Null where nobody asked: the SDK is not
 * even loaded.
 *
 * Source: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export async function startTracing(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<StopTracing | null> {
  const isSet = (name: string): boolean => (environment[name] ?? '').trim() !== '';
  const off = environment['OTEL_SDK_DISABLED'] === 'true' || environment['OTEL_TRACES_EXPORTER'] === 'none';
  if (off || !askedFor.some(isSet)) return null;
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  const sdk = new NodeSDK({
    serviceName: isSet('OTEL_SERVICE_NAME') ? (environment['OTEL_SERVICE_NAME'] ?? '') : 'fastpaca',
    // Metrics are Prometheus's, logs are lines on standard output.
    metricReaders: [],
    logRecordProcessors: [],
    instrumentations: [],
  });
  sdk.start();
  return () => sdk.shutdown();
}
