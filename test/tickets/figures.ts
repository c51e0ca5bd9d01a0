import { toHex } from '#protocol/encoding'
import type { EventState, Pass } from '#protocol/event'

/** All that a replica says of an event, whatever the order in which it heard of it. */
export function figuresOf(state: EventState, commitments: readonly string[]): Record<string, unknown> {
  const tally = Object.entries(state.tally()).map(([name, value]) => [
    name,
    value instanceof Map ? [...value].filter(([, count]) => count !== 0).sort(byText) : value,
  ])
  const passes = state
    .passes()
    .map((it) => [
      nameOf(it),
      it.of === null ? null : nameOf(it.of),
      it.isRoomBack,
      it.undone?.reason ?? null,
      it.doubles.map(nameOf).sort(),
    ])
  const devices = [...new Set(state.passes().map((it) => it.device))].sort()
  return {
    hash: toHex(state.stateHash()),
    tally: Object.fromEntries(tally),
    passes: passes.sort(byText),
    classes: state.classes().map(plain),
    buckets: state.buckets().map((it) => [it.unit, it.group, state.isLost(it.unit)]),
    issues: state
      .issues()
      .map((it) => `${it.commit}/${it.index} ${it.count}`)
      .sort(),
    requests: state
      .openRequests()
      .map((it) => `${it.commit}/${it.index}`)
      .sort(),
    cancels: commitments.map((it) => {
      const cancel = state.cancelOf(it)
      return cancel === null ? null : `${cancel.commit}/${cancel.index}`
    }),
    issued: commitments.map((it) => state.issued(it)?.issue.commit ?? null),
    home: devices.map((it) =>
      state
        .roomsToBringHome(it)
        .map(({ exit, room }) => [nameOf(exit), room])
        .sort(byText),
    ),
    match: devices.map((it) =>
      state
        .exitsToMatch(it)
        .map(({ exit }) => nameOf(exit))
        .sort(),
    ),
  }
}

function nameOf({ commit, index }: Pass): string {
  return `${commit}/${index}`
}

function plain(value: unknown): string {
  return JSON.stringify(value, (_, it: unknown) => (typeof it === 'bigint' ? it.toString() : it))
}

function byText(one: unknown, other: unknown): number {
  const [a, b] = [JSON.stringify(one), JSON.stringify(other)]
  return a < b ? -1 : a > b ? 1 : 0
}
