// The hello program with the official TypeScript SDK: a worker and a client in one process.
// Usage: node hello.js HOST:PORT. Exits 0 when the history is what it has to be.
'use strict';
const assert = require('node:assert');
const { Context } = require('@temporalio/activity');
const { Client, Connection } = require('@temporalio/client');
const { ApplicationFailure } = require('@temporalio/common');
const { NativeConnection, Worker } = require('@temporalio/worker');

const activities = {
  async composeGreeting({ greeting, name }) {
    Context.current().heartbeat('composing');
    return `${greeting}, ${name}!`;
  },
  async refuse() {
    throw ApplicationFailure.create({ message: 'not today', type: 'Refused', nonRetryable: true });
  },
};

function countEvents(history) {
  const counts = {};
  for (const event of history.events) {
    const kind = Object.keys(event).find((key) => key.endsWith('EventAttributes') && event[key]);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

async function main(target) {
  const queue = `typescript-hello-${process.pid}-${Date.now()}`;
  const connection = await NativeConnection.connect({ address: target });
  const worker = await Worker.create({
    connection,
    taskQueue: queue,
    workflowsPath: require.resolve('./workflows.ts'),
    activities,
  });
  const client = new Client({ connection: await Connection.connect({ address: target }) });
  await worker.runUntil(async () => {
    const handle = await client.workflow.start('hello', { args: ['World'], taskQueue: queue, workflowId: queue });
    await handle.signal('word', 'Hello');
    assert.strictEqual(await handle.result(), 'Hello, World!');
    const counts = countEvents(await handle.fetchHistory());
    assert.strictEqual(counts.timerFiredEventAttributes, 1);
    assert.strictEqual(counts.workflowExecutionSignaledEventAttributes, 1);
    assert.strictEqual(counts.activityTaskCompletedEventAttributes, 1);
    assert.strictEqual(counts.activityTaskFailedEventAttributes, 1);
    assert.strictEqual(counts.workflowExecutionCompletedEventAttributes, 1);
    assert.strictEqual(counts.workflowTaskFailedEventAttributes, undefined);
  });
  await client.connection.close();
  await connection.close();
  console.log('hello from TypeScript: passed');
}

main(process.argv[2]).catch((error) => {
  console.error(error);
  process.exit(1);
});
