import type { RandomStreams } from '../kernel/index.ts'
import { stewardsOf } from './founding.ts'
import type { Roles } from './roles.ts'
import type { AuthorityConfig, ChangeWord, Decision, WorldConfig } from './world-config.ts'

/** What drawn proposals ask for; those that people quarrel over come more often. */
const CHANGES: readonly ChangeWord[] = [
  ...(['remove', 'remove', 'remove', 'demote', 'steward', 'steward', 'steward'] as const),
  ...(['close', 'role', 'rules', 'slots', 'lift', 'lift', 'floor', 'adopt', 'adopt'] as const),
]
/** Repetitions of a scripted act. A guess: a month of hours. */
export const TIMES_MAX = 1_000

/** Draws what people ask for and do to each other, and spells out what the script of a world says. */
export function planAssembly(
  { authority: config, phases }: WorldConfig,
  { roles, random }: { roles: Roles; random: RandomStreams },
): Omit<Decision, 'key'>[] {
  if (config === undefined) return []
  const plan = scripted(config, roles)
  const stewards = stewardsOf(config, roles)
  const devices = [...roles.members, ...roles.forkers]
  const people = [...devices, ...roles.joiners]
  const draw = (
    what: Decision['what'],
    count: number,
    among: { by: readonly number[]; of: readonly number[] },
  ): void => {
    const stream = random.stream(`plan.${what}`)
    for (let i = 0; i < count && among.by.length > 0 && among.of.length > 0; i += 1) {
      const atUs = stream.below(Math.max(1, phases.faultsUs))
      const [node, peer] = [stream.pick(among.by), stream.pick(among.of)]
      const change = what === 'propose' ? { change: stream.pick(CHANGES) } : {}
      plan.push({ ...{ what, atUs, node, peer, forUs: 0 }, ...change })
    }
  }
  draw('propose', config.proposals, { by: devices, of: people })
  draw('suspend', config.suspensions, { by: stewards, of: devices })
  // All speak for the same new steward, or no quorum ever would.
  const voices = random.stream('plan.recover')
  const rescued = voices.pick(roles.members)
  const electors = [...roles.members]
  voices.shuffle(electors)
  for (const node of electors.slice(0, config.recoveries)) {
    const atUs = voices.below(Math.max(1, phases.faultsUs))
    plan.push({ what: 'recover', atUs, node, peer: rescued, forUs: 0 })
  }
  // The founder stays, or most worlds would soon decide nothing.
  draw('leave', config.leaves, { by: roles.members.slice(1), of: roles.members })
  const joins = random.stream('plan.join-later')
  const admitters = roles.members.slice(0, Math.max(1, config.admitters))
  const named = new Set(plan.filter(({ what }) => what === 'join').map(({ node }) => node))
  for (const node of roles.joiners) {
    const atUs = joins.below(Math.max(1, phases.faultsUs))
    const peer = joins.pick(admitters)
    if (!named.has(node)) plan.push({ what: 'join', atUs, node, peer, forUs: 0 })
  }
  plan.push(...bridges(config, { roles, random, phases }))
  return plan
}

/** Partitions in which a steward who signs twice talks to both sides, and shows each another history. */
function bridges(
  { doubleSigners }: AuthorityConfig,
  { roles, random, phases }: { roles: Roles; random: RandomStreams; phases: WorldConfig['phases'] },
): Omit<Decision, 'key'>[] {
  const stream = random.stream('plan.bridge')
  return roles.forkers.slice(0, doubleSigners).flatMap((node) => {
    if (stream.below(2) === 0) return []
    const others = Object.values(roles)
      .flat(2)
      .filter((place) => place !== node)
    stream.shuffle(others)
    const half = 1 + stream.below(Math.max(1, others.length - 1))
    const groups = [others.slice(0, half), others.slice(half)]
    const atUs = stream.below(Math.max(1, Math.floor(phases.faultsUs / 2)))
    const forUs = 1 + stream.below(Math.max(1, Math.floor(phases.faultsUs / 2)))
    const it = { atUs, node, peer: -1, groups }
    return [
      { ...it, what: 'partition' as const, forUs },
      { ...it, what: 'fork' as const, forUs: 0 },
    ]
  })
}

function scripted({ script }: AuthorityConfig, roles: Roles): Omit<Decision, 'key'>[] {
  const people = [...roles.members, ...roles.forkers, ...roles.joiners]
  const placeOf = (person: number): number => {
    const place = people[person]
    if (place === undefined) throw new RangeError(`the script names person ${person} of ${people.length}`)
    return place
  }
  return script.flatMap(({ times, everyUs, by, of, yes, groups, change, ...act }) =>
    Array.from({ length: times }, (_, i): Omit<Decision, 'key'> => {
      const isAdmission = act.what === 'join'
      return {
        ...{ what: act.what, atUs: act.atUs + i * everyUs, forUs: act.forUs },
        // Who joins is where it happens, and who admits beside it.
        node: isAdmission ? placeOf(of) : by < 0 ? -1 : placeOf(by),
        peer: isAdmission ? placeOf(by) : of < 0 ? -1 : placeOf(of),
        ...(change === null ? {} : { change }),
        ...(yes === null ? {} : { yes: yes.map(placeOf) }),
        ...(groups === null ? {} : { groups: groups.map((group) => group.map(placeOf)) }),
      }
    }),
  )
}
