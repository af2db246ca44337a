import {
  ActivityFailure,
  ApplicationFailure,
  condition,
  defineSignal,
  proxyActivities,
  setHandler,
  sleep,
} from '@temporalio/workflow';

export interface Greeting {
  greeting: string;
  name: string;
}

export interface Activities {
  composeGreeting(input: Greeting): Promise<string>;
  refuse(): Promise<void>;
}

export const word = defineSignal<[string]>('word');

const { composeGreeting, refuse } = proxyActivities<Activities>({ startToCloseTimeout: '10 seconds' });

/** Sleeps, waits for a signal and calls two activities, one of which fails. */
export async function hello(name: string): Promise<string> {
  let greeting: string | undefined;
  setHandler(word, (given) => {
    greeting = given;
  });
  await sleep(10);
  await condition(() => greeting !== undefined);
  const result = await composeGreeting({ greeting: greeting!, name });
  try {
    await refuse();
  } catch (error) {
    if (error instanceof ActivityFailure && error.cause instanceof ApplicationFailure && error.cause.type === 'Refused') {
      return result;
    }
    throw error;
  }
  throw ApplicationFailure.nonRetryable('the activity was to refuse');
}
