/** How much memory the process takes for what a page needs and nobody keeps. */
import { setFlagsFromString } from 'node:v8';

/**
 * V8 lets the memory for young objects grow as often as enough of them outlive a collection, to 32 MB and more, and keeps it:
 * a list of 100,000 sites would take more from the system than one of 1,000. A small one serves as well, for a few percent
 * of time. The flag is V8's own; where it is not known, the memory grows.
 */
export function keepYoungGenerationSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
