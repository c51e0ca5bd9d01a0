import type { Choices } from '../evaluation/choices.ts'
import type { Oracle } from './oracle.ts'
import type { Commit } from './world.ts'

/** Everything in a random causal order; something with all that follows it may come a year late. */
export function arrivals(oracle: Oracle, draw: Choices): Commit[] {
  const commits = [...oracle.commits]
  const late = draw.chance(60) ? draw.pick(commits) : null
  const isLate = (it: Commit): boolean => late !== null && (it === late || oracle.before(it).has(late))
  const order: Commit[] = []
  const there = new Set<Commit>()
  for (let waiting = draw.shuffled(commits); waiting.length > 0;) {
    const ready = waiting.filter((it) =>
      [it.prev, ...it.seen].every((head) => head === null || there.has(head)),
    )
    const prompt = ready.filter((it) => !isLate(it))
    const next = draw.pick(prompt.length > 0 ? prompt : ready)
    order.push(next)
    there.add(next)
    waiting = waiting.filter((it) => it !== next)
  }
  return order
}
