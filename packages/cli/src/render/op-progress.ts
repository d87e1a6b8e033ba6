import type { OpEvent } from '@daggerml/bindings';
import { placeOf } from './op-report.ts';
import type { Output } from './output.ts';

/** Failures that are reported one by one while a run goes on. */
const MAX_NOTES = 20;

/** Reports what happens in a run of ops: failures, output of functions, and a live count. */
export class OpProgress {
  readonly #output: Output;
  #ended = 0;
  #failed = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  readonly onEvent = (event: OpEvent): void => {
    const output = this.#output;
    switch (event.type) {
      case 'phase-output':
        output.live();
        for (const line of event.text.split('\n').filter(Boolean))
          output.note(`  ${output.safe(event.target)}  ${event.op} ${event.phase}: ${output.safe(line)}`);
        break;
      case 'target-finished':
        this.#ended += 1;
        if (event.state === 'FAILED') this.#noteFailure(event);
        output.live([`  ${this.#ended} ended, ${this.#failed} failed`]);
    }
  };

  #noteFailure(event: OpEvent & { readonly type: 'target-finished' }): void {
    const output = this.#output;
    this.#failed += 1;
    if (this.#failed > MAX_NOTES) return;
    output.live();
    const state = output.noteStyle('red', 'failed');
    output.note(
      `  ${state}  ${output.safe(event.target)}  ${placeOf(event)}: ${output.safe(event.reason ?? '')}`,
    );
  }

  /** Clears the live line. */
  close(): void {
    this.#output.live();
  }
}
