import type { NodeId } from '@daggerml/object-model';
import { expect, it } from 'vitest';
import type { RunEvent, RunReport } from './events.ts';
import { type OtlpSpan, RunSpans } from './otlp-spans.ts';

const RUN_ID = 'c3fc4d36-6c98-449d-a411-a5cead5f7000';
const NODE = 'a'.repeat(64) as NodeId;
const COUNTS = { executed: 1, cached: 2, failed: 1, blocked: 0, cancelled: 0 };

function eventsOf(...reports: readonly RunReport[]): RunEvent[] {
  return reports.map((report, sequence) => ({
    runId: RUN_ID,
    sequence,
    timeMs: 1000 + 10 * sequence,
    ...report,
  }));
}

function spansOf(spans: RunSpans): readonly OtlpSpan[] {
  return spans.drain()?.resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
}

function attributesOf({ attributes }: OtlpSpan): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

it('gives each attempt a span below that of the run, with node, attempt and failure [DML-EXE-1809]', () => {
  const spans = new RunSpans({ name: 'sales', version: '1.2.3', startedMs: 900 });
  const call = { nodeId: NODE, name: 'fit' } as const;
  const failure = { class: 'deterministic', code: 'function_threw', message: 'no', trace: [] } as const;
  const finished = {
    ...call,
    type: 'call-finished',
    functionName: 'fit',
    fromCache: false,
    durationMs: 5,
  } as const;
  const events = eventsOf(
    { ...call, type: 'call-started', attempt: 1 },
    { ...call, type: 'call-retried', attempt: 1, code: 'worker_lost', reason: 'gone', afterMs: 5 },
    { ...call, type: 'call-started', attempt: 2 },
    { ...finished, outcome: 'failed', failure },
    { ...finished, nodeId: 'b'.repeat(64) as NodeId, outcome: 'cached', fromCache: true },
  );
  for (const event of events) spans.take(event);
  expect(spans.size).toBe(2);
  const [first, second] = spansOf(spans) as [OtlpSpan, OtlpSpan];
  spans.end(2000, COUNTS, 'a call failed');
  const [root] = spansOf(spans) as [OtlpSpan];
  expect(spans.drain()).toBeUndefined();
  for (const span of [first, second, root]) {
    expect(span.traceId).toBe(RUN_ID.replaceAll('-', ''));
    expect(span.spanId).toMatch(/^[0-9a-f]{16}$/);
  }
  expect(new Set([first, second, root].map(({ spanId }) => spanId)).size).toBe(3);
  expect([first, second].map(({ parentSpanId }) => parentSpanId)).toEqual([root.spanId, root.spanId]);
  expect(
    [first, second, root].map((span) => [span.name, span.startTimeUnixNano, span.endTimeUnixNano]),
  ).toEqual([
    ['fit', '1000000000', '1010000000'],
    ['fit', '1020000000', '1030000000'],
    ['run sales', '900000000', '2000000000'],
  ]);
  expect(attributesOf(first)).toEqual({
    'dml.node_id': NODE,
    'dml.attempt': '1',
    'error.type': 'worker_lost',
  });
  expect(attributesOf(second)).toEqual({
    'dml.node_id': NODE,
    'dml.attempt': '2',
    'error.type': 'function_threw',
  });
  expect(attributesOf(root)).toMatchObject({ 'dml.dag': 'sales', 'dml.calls.cached': '2' });
  expect([first, second, root].map(({ status }) => status)).toEqual([
    { code: 2, message: 'gone' },
    { code: 2, message: 'no' },
    { code: 2, message: 'a call failed' },
  ]);
});

it('names service and version of the program', () => {
  const spans = new RunSpans({ name: 'sales', version: '1.2.3', startedMs: 900 });
  spans.end(2000, COUNTS);
  const [resource] = spans.drain()?.resourceSpans ?? [];
  expect(resource?.resource.attributes).toEqual([
    { key: 'service.name', value: { stringValue: 'daggerml' } },
  ]);
  expect(resource?.scopeSpans[0]).toMatchObject({
    scope: { name: 'daggerml', version: '1.2.3' },
    spans: [{ status: { code: 1 } }],
  });
});
