import type { Choices } from '../evaluation/choices.ts'
import type { Reached } from '../evaluation/reached.ts'
import { arrivals } from './arrivals.ts'
import { expectAgreement, expectSame } from './comparison.ts'
import { generateDuel } from './duel.ts'
import { BEREFT, CROWDED, FAITHLESS, USUAL, generateHistory } from './history-generator.ts'
import type { HistoryOptions } from './history-generator.ts'
import { MARKED_KEYS, REAL_KEYS } from './keys.ts'
import type { Keys } from './keys.ts'
import { noteHistory } from './laws.ts'
import type { Law } from './laws.ts'
import type { Mesh } from './mesh.ts'
import { Oracle } from './oracle.ts'
import { RealWorld } from './real-world.ts'
import { generateRecovery, generateVoices } from './recovery-generator.ts'
import { ReplicaSubject } from './replica-subject.ts'
import { AS_WRITTEN } from './rules.ts'
import type { Rules } from './rules.ts'
import { generateSplit } from './split-generator.ts'
import { scatter, suspendTwice } from './scatter.ts'

/** After so many of 100 commits the rosters are compared: a difference seldom goes away with the next commit. */
const ROSTERS = 15

/**
 * A replica of the product says what the oracle says, after each commit, in the order of the history and in another one;
 * there it is opened again from its rows on the way.
 */
export const agreesWithTheProduct: Law = (draw, reached, options) => {
  compare(draw, reached, { options, keys: MARKED_KEYS })
}

/** The same where everything is signed. */
export const agreesUnderSignatures: Law = (draw, reached, options) => {
  compare(draw, reached, { options, keys: REAL_KEYS })
}

function compare(
  draw: Choices,
  reached: Reached,
  { options, keys }: { options: HistoryOptions | undefined; keys: Keys },
): void {
  const rules = options?.rules ?? AS_WRITTEN
  const mesh = anyHistory(draw, rules)
  if (draw.chance(25)) suspendTwice(mesh)
  const scattered = scatter(mesh, draw.below(60))
  const commits = new Set([...mesh.oracle.commits, ...scattered])
  const world = new RealWorld(mesh.oracle.genesis, commits, AS_WRITTEN, keys)
  const straight = new Oracle(world.genesis, [], rules)
  const isPlace = (): boolean => draw.chance(ROSTERS)
  expectAgreement(new ReplicaSubject(world), straight, world.records.keys(), isPlace)

  const order = arrivals(straight, draw)
  const [subject, oracle] = [new ReplicaSubject(world), straight.another()]
  const pause = draw.below(order.length)
  expectAgreement(subject, oracle, order.slice(0, pause), isPlace)
  const reopened = subject.reopened()
  expectSame(reopened, oracle)
  expectAgreement(reopened, oracle, order.slice(pause), isPlace)
  noteHistory(oracle, reached)
}

function anyHistory(draw: Choices, rules: Rules): Mesh {
  const turn = draw.below(6)
  if (turn === 0) return generateDuel(draw, { ...CROWDED, rules })
  if (turn === 1) return generateSplit(draw, { ...FAITHLESS, rules })
  if (turn === 2) return generateRecovery(draw, { ...BEREFT, rules })
  if (turn === 3) return generateVoices(draw, { ...BEREFT, stewards: [1, 2], others: [2, 3], rules })
  return generateHistory(draw, { ...USUAL, rules })
}
