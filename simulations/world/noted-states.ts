import type { Replica } from '#protocol/replica'
import type { Books, SimNode } from '../peers/index.ts'

/** A clock that gained or lost more than this has jumped: drift does not make it in a run. */
const JUMP_US = 1_000_000

/** Notes states that show in replicas rather than happen. */
export function noteStates({
  nodes,
  nowUs,
  books,
  isGoverned,
}: {
  readonly nodes: readonly SimNode[]
  readonly nowUs: number
  readonly books: Books
  readonly isGoverned: boolean
}): void {
  for (const { replica, clock } of nodes) {
    const gainedUs = clock.readUs(nowUs) - nowUs - clock.readUs(0)
    if (Math.abs(gainedUs) > JUMP_US) books.reached('clock-jumped')
    if (isGoverned && replica !== null) noteLate(replica, books)
    if (replica === null || replica.forkEnds.forked.size === 0) continue
    for (const device of replica.forkEnds.forked) {
      for (const branch of replica.history.branchesOf(device)) {
        const isShown = replica.visibility.isVisible(branch.end)
        if (!isShown) books.reached('hidden')
        else if (replica.visibility.endorsedUpTo(branch) >= 0) books.reached('endorsed')
      }
    }
  }
}

/** Notes once a look and node that commits are late, and whether others' word shows one of them. */
function noteLate({ visibility, epochs, history }: Replica, books: Books): void {
  if (!visibility.hasDoubts || epochs.length < history.length) return
  const late: boolean[] = []
  for (let order = 0; order < history.length; order += 1)
    if (epochs.evaluation.standingOf(order).isLate) late.push(visibility.isVisible(order))
  if (late.includes(true)) books.reached('late-shown')
  if (late.includes(false)) books.reached('late-hidden')
}
