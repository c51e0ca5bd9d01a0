import type { Choices } from '../evaluation/choices.ts'
import { arrivals } from './arrivals.ts'
import { expectAgreement, expectSame } from './comparison.ts'
import { generateDuel } from './duel.ts'
import { BEREFT, CROWDED, USUAL, generateHistory } from './history-generator.ts'
import { noteHistory } from './laws.ts'
import type { Law } from './laws.ts'
import type { Mesh } from './mesh.ts'
import { Oracle } from './oracle.ts'
import { RealWorld } from './real-world.ts'
import { generateRecovery } from './recovery-generator.ts'
import { ReplicaSubject } from './replica-subject.ts'
import { AS_WRITTEN } from './rules.ts'
import type { Rules } from './rules.ts'
import { scatter } from './scatter.ts'

/**
 * A replica of the product says what the oracle says, after each commit, in the order of the history and in another one;
 * there it is opened again from its rows on the way.
 */
export const agreesWithTheProduct: Law = (draw, reached, options) => {
  const rules = options?.rules ?? AS_WRITTEN
  const mesh = anyHistory(draw, rules)
  const scattered = scatter(mesh, draw.below(60))
  const commits = new Set([...mesh.oracle.commits, ...scattered])
  const world = new RealWorld(mesh.oracle.genesis, commits, AS_WRITTEN)
  const fresh = (): Oracle => new Oracle(world.genesis, [], rules)
  expectAgreement(new ReplicaSubject(world), fresh(), world.oracle.commits)

  const order = arrivals(world.oracle, draw)
  const [subject, oracle] = [new ReplicaSubject(world), fresh()]
  const pause = draw.below(order.length)
  expectAgreement(subject, oracle, order.slice(0, pause))
  const reopened = subject.reopened()
  expectSame(reopened, oracle)
  expectAgreement(reopened, oracle, order.slice(pause))
  noteHistory(world.oracle, reached)
}

function anyHistory(draw: Choices, rules: Rules): Mesh {
  const turn = draw.below(4)
  if (turn === 0) return generateDuel(draw, { ...CROWDED, rules })
  if (turn === 1) return generateRecovery(draw, { ...BEREFT, rules })
  return generateHistory(draw, { ...USUAL, rules })
}
