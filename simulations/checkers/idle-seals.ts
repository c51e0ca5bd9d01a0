import { violation } from './checker.ts'
import type { Checker } from './checker.ts'

const DAY_US = 86_400_000_000
/** Seals that one clock may ask for beside one a day: at first, when it is set forward, when its disk was put back. */
const ASKED_MAX = 3

/** Stewards' nodes seal what is merely new once a day, whatever their clocks say; an idle co-op would else never be quiet. */
export const idleSeals: Checker = (world, at) => {
  if (at !== 'end' || !world.isGoverned) return []
  const tips = [...world.books.line.tips.values()]
  const count = tips.filter((it) => it.isIdle).length
  const signers = new Set(tips.flatMap((it) => it.signers)).size
  const most = signers * (ASKED_MAX + Math.floor(world.nowUs / DAY_US))
  if (count <= most) return []
  const detail = `${count} seals of ${tips.length} only moved the frontier; ${signers} devices signed, so ${most} are enough`
  const nodes = world.core.map((node) => node.number)
  return [violation(world, { checker: 'idle-seals', kind: 'liveness', detail, nodes })]
}
