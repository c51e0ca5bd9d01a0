import type { Act } from '#protocol/evaluation'
import { define } from './acts.ts'
import type { Choices } from './choices.ts'
import { trial } from './oracle.ts'
import type { OracleVerdict } from './oracle.ts'
import { RULES } from './rules.ts'
import type { Rules } from './rules.ts'
import { World, keyOf } from './world.ts'

/** Devices that cheat together, and groups of honest ones that are cut off from each other. */
export interface Ring {
  readonly world: World
  readonly colluders: readonly number[]
  readonly groups: readonly (readonly number[])[]
  readonly relayMax: bigint
  /** What each colluder could bring to account at the frontier: all that it holds of the unit, drawn or not. */
  readonly owned: bigint
}

/**
 * Up to four colluders who fork at will, pay each other and everybody, carry commits between groups, and see
 * everything; groups of one or two who tell each other all they know. Everybody cites the one seal there is.
 */
export function generateRing(choices: Choices): Ring {
  const colluders = [...Array(1 + choices.below(4)).keys()]
  const groups: number[][] = []
  let count = colluders.length
  for (let group = 1 + choices.below(2); group > 0; group -= 1)
    groups.push(Array.from({ length: 1 + choices.below(2) }, () => (count += 1) - 1))
  const maker = count
  const founding = [...Array(count).keys()].flatMap((device) => [
    { device, unit: 'eur', amount: BigInt(1 + choices.below(12)) },
    { device, unit: choices.pick(['eur=', 'eur+']), amount: 2n },
  ])
  const world = new World(count + 1, founding, true)
  const relayMax = choices.pick([0, 3, 5, 8])
  const seen = [world.commit(maker, -1, { acts: [define('eur', 0, relayMax)] })]
  const heads = new Map([...Array(count).keys()].map((it) => [it, world.commit(it, -1, { seen })]))
  // The bold ones pass on all they have, as if nothing limited them.
  const isBold = choices.chance(25)
  const ring = new RingHistory({
    world,
    choices,
    colluders,
    groups,
    rules: { ...RULES, relayIsLimited: !isBold },
  })
  const [payer, other] = [groups[0]?.[0] ?? 0, colluders[0] ?? 0]
  // Some of it was accepted before the frontier, and is the colluder's own by now.
  if (choices.chance(50)) {
    const paid = world.commit(payer, heads.get(payer) ?? -1, {
      acts: [{ kind: 'transfer', to: keyOf(other), unit: 'eur', amount: 1n }],
    })
    heads.set(payer, paid)
    heads.set(other, world.commit(other, heads.get(other) ?? -1, { seen: [paid] }))
  }
  const epoch = world.seal(0, { signers: [], frontier: heads })
  const owned = colluders.reduce((total, it) => total + ownedBy(world, heads.get(it) ?? -1), 0n)
  if (choices.chance(60)) ring.chainForks(epoch)
  for (let step = 10 + choices.below(30); step > 0; step -= 1) ring.write(epoch)
  return { world, colluders, groups, relayMax: BigInt(relayMax), owned }
}

/** What a chain has of the unit behind a commit, on all accounts. */
function ownedBy(world: World, head: number): bigint {
  const { left } = trial(world, world.all(), head)()
  return [...left.values()].reduce((total, it) => total + it, 0n)
}

interface RingParts {
  readonly world: World
  readonly choices: Choices
  readonly colluders: readonly number[]
  readonly groups: readonly (readonly number[])[]
  /** By which the colluders reckon what they may pass on. */
  readonly rules: Rules
}

class RingHistory {
  readonly #world: World
  readonly #choices: Choices
  readonly #colluders: readonly number[]
  readonly #groups: readonly (readonly number[])[]
  readonly #rules: Rules

  constructor({ world, choices, colluders, groups, rules }: RingParts) {
    this.#world = world
    this.#choices = choices
    this.#colluders = colluders
    this.#groups = groups
    this.#rules = rules
  }

  /** Each colluder takes in what those before pay it, and forks to pay each one behind it and one of each group. */
  chainForks(epoch: number): void {
    const paying = new Map<number, number[]>()
    for (const device of this.#colluders) {
      let [prev = -1] = this.#world.headsOf(this.#commitsOf([device]), device)
      for (const seen of paying.get(device) ?? [])
        prev = this.#world.commit(device, prev, { epoch, seen: [seen] })
      const sellers = this.#groups.map((group) => this.#choices.pick(group))
      for (const to of [...this.#colluders.filter((it) => it > device), ...sellers]) {
        const id = this.#world.commit(device, prev, { epoch })
        const judge = this.#judge(id)
        this.#add(id, judge, (left) => pay(to, left.get('eur') ?? 0n))
        paying.set(to, [...(paying.get(to) ?? []), id])
      }
    }
    for (const device of this.#groups.flat())
      for (const seen of paying.get(device) ?? []) this.#take(device, epoch, [seen])
  }

  write(epoch: number): void {
    if (this.#choices.chance(65)) this.#cheat(epoch)
    else this.#sell(epoch)
  }

  /** A colluder goes on from anywhere in its own tree, takes in what pays it, and passes on all it can. */
  #cheat(epoch: number): void {
    const device = this.#choices.pick(this.#colluders)
    const own = this.#commitsOf([device])
    const heads = this.#world.headsOf(own, device)
    const prev = this.#choices.pick(this.#choices.chance(50) ? heads : own.filter((id) => this.#isOpen(id)))
    const paying = this.#world.commits.filter(({ acts }) =>
      acts.some((act) => act.kind === 'transfer' && act.to === keyOf(device)),
    )
    const seen = new Set<number>()
    for (let more = this.#choices.below(4); more > 0 && paying.length > 0; more -= 1)
      seen.add(this.#choices.pick(paying).id)
    const id = this.#world.commit(device, prev, { epoch, seen: [...seen] })
    const judge = this.#judge(id)
    for (let more = this.#choices.below(3); more > 0; more -= 1)
      this.#add(id, judge, (left) => this.#cheatsAct(device, left))
  }

  /** An honest device that knows what its group knows takes in what it likes, and now and then pays or consumes. */
  #sell(epoch: number): void {
    const device = this.#choices.pick(this.#groups.flat())
    const offered = this.#commitsOf(this.#colluders)
    const listed = Array.from({ length: 1 + this.#choices.below(3) }, () => this.#choices.pick(offered))
    const id = this.#take(device, epoch, listed)
    const judge = trial(this.#world, this.#world.all(), id)
    if (this.#choices.chance(30)) this.#add(id, judge, (left) => this.#honestAct(left))
  }

  /** An honest device lists heads, and all that its group has written. */
  #take(device: number, epoch: number, heads: readonly number[]): number {
    const group = this.#groups.find((it) => it.includes(device)) ?? []
    const [prev = -1] = this.#world.headsOf(this.#commitsOf([device]), device)
    const { past } = this.#world.at(prev)
    const known = group
      .filter((it) => it !== device)
      .flatMap((it) => this.#world.headsOf(this.#commitsOf([it]), it))
      .filter((id) => ((past >> BigInt(id)) & 1n) === 0n)
    return this.#world.commit(device, prev, { epoch, seen: [...new Set([...known, ...heads])] })
  }

  #cheatsAct(device: number, left: ReadonlyMap<string, bigint>): Act | null {
    const others = [...this.#colluders, ...this.#groups.flat()].filter((it) => it !== device)
    const account = this.#choices.pick([...left].filter(([, amount]) => amount > 0n).map(([it]) => it))
    if (account === undefined) return null
    const amount = left.get(account) ?? 0n
    const part = this.#choices.chance(75) ? amount : BigInt(1 + this.#choices.below(Number(amount)))
    if (account === 'eur' && this.#choices.chance(70)) return pay(this.#choices.pick(others), part)
    const into = account === 'eur' ? this.#choices.pick(['eur-', 'eur+', 'eur=', 'eur~']) : 'eur'
    return { kind: 'fact', unit: account, amount: part, into }
  }

  #honestAct(left: ReadonlyMap<string, bigint>): Act | null {
    const most = Number(left.get('eur') ?? 0n)
    if (most <= 0) return null
    const amount = BigInt(1 + this.#choices.below(most))
    if (this.#choices.chance(50)) return { kind: 'fact', unit: 'eur', amount, into: 'eur-' }
    return pay(this.#choices.pick(this.#colluders), amount)
  }

  /** Adds an act, of as much as is valid. */
  #add(
    id: number,
    judge: () => OracleVerdict,
    draw: (left: ReadonlyMap<string, bigint>) => Act | null,
  ): void {
    const before = judge()
    const act = before.voidBecause === null ? draw(before.left) : null
    if (act === null || act.kind === 'define') return
    const { acts } = this.#world.at(id)
    acts.push(act)
    if (judge().voidBecause !== 'relay-limit') return
    act.amount = (before.left.get('eur') ?? 0n) - (before.bound.get('eur') ?? 0n)
    if (judge().voidBecause !== null) acts.pop()
  }

  #judge(id: number): () => OracleVerdict {
    return trial(this.#world, this.#world.all(), id, this.#rules)
  }

  #commitsOf(devices: readonly number[]): number[] {
    return this.#world.commits.filter((it) => devices.includes(it.device)).map((it) => it.id)
  }

  /** True outside the frontier, and for the commit it ends with. */
  #isOpen(id: number): boolean {
    const head = this.#world.sealAt(1).frontier.get(this.#world.at(id).device) ?? -1
    return id >= head
  }
}

function pay(to: number, amount: bigint): Act | null {
  return amount > 0n ? { kind: 'transfer', to: keyOf(to), unit: 'eur', amount } : null
}
