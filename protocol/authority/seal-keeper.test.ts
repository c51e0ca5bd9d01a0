import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coopOf, makeSteward, person } from '../../test/actors/authority-book.ts'
import type { AuthorityBook, Person, Replica, Written } from '../../test/actors/authority-book.ts'
import { toHex } from '../encoding/index.ts'
import type { AuthorityEntry } from './entries.ts'
import {
  BARE_SEAL_EVERY_MS,
  LEADER_WAIT_MS,
  PROPOSALS_TRIED_MAX,
  ROUND_WAIT_MS,
  SealKeeper,
} from './seal-keeper.ts'
import type { KeeperView } from './seal-keeper.ts'
import { encodeSeal } from './seal-record.ts'

const ACTS_MAX = 40

/** A node of a steward: what it has stored, and its keeper. */
class Node {
  readonly who: Person
  readonly replica: Replica
  readonly keeper: SealKeeper
  readonly stored = new Set<number>()
  readonly #book: AuthorityBook
  /** When it first saw its tip. */
  #sealed = { height: 1, atMs: 0 }
  forks: KeeperView['forks'] = []

  constructor(book: AuthorityBook, who: Person) {
    this.who = who
    this.#book = book
    this.replica = book.replica()
    const { state: authority } = this.replica
    this.keeper = new SealKeeper({ authority, coop: book.coop, device: who.device })
    for (const commit of book.commits) this.take(commit)
  }

  get height(): number {
    return this.replica.state.epochs.tip.height
  }

  take(commit: Written): void {
    if (this.stored.has(commit.order)) return
    this.stored.add(commit.order)
    this.replica.take(commit)
  }

  write(entry: AuthorityEntry): Written | null {
    const commit = this.#book.attempt(this.who, entry, this.#options(), this.replica)
    if (commit !== null) this.stored.add(commit.order)
    return commit
  }

  step(nowMs: number, inTouch: ReadonlySet<string>): ReturnType<SealKeeper['next']> {
    if (this.height !== this.#sealed.height) this.#sealed = { height: this.height, atMs: nowMs }
    const ends = new Map<string, Written>()
    for (const order of this.stored) {
      const it = this.#book.commits[order]
      if (it !== undefined && !this.#book.doubtful.has(order)) ends.set(it.device, it)
    }
    return this.keeper.next(
      {
        ends: [...ends.values()].map(({ device, seq, id, order }) => ({
          device,
          seq,
          commit: id,
          order: this.#orderOf(order),
        })),
        ...{ forks: this.forks, inTouch, sealedAtMs: this.#sealed.atMs },
        refusalOf: (entry) => {
          const verdict = this.#book.trial(this.who, entry, this.#options(), this.replica)
          return verdict === 'ok' ? null : verdict
        },
      },
      nowMs,
    )
  }

  #orderOf(order: number): number {
    return [...this.stored].indexOf(order)
  }

  #options(): { prev: number; seen: number[]; epoch: Uint8Array } {
    const own = [...this.stored].filter((it) => this.#book.commits[it]?.device === this.who.device)
    return { prev: Math.max(-1, ...own), seen: [...this.stored], epoch: this.replica.state.epochs.tip.id }
  }
}

/** Stewards' nodes that hear each other after a delay, in groups that are cut off from each other. */
class Mesh {
  readonly nodes: Node[]
  readonly #book: AuthorityBook
  #groups: number[]
  nowMs = 0

  constructor(count: number) {
    const { book, people } = coopOf(count)
    this.#book = book
    this.nodes = people.map((it) => new Node(book, it))
    this.#groups = people.map(() => 0)
  }

  get book(): AuthorityBook {
    return this.#book
  }

  /** The group of each node; those of one group are in touch. A negative one is off. */
  part(groups: readonly number[]): void {
    this.#groups = [...groups]
  }

  node(at: number): Node {
    const node = this.nodes[at]
    if (node === undefined) throw new Error(`no node ${at}`)
    return node
  }

  /** Every second all that is here goes to those in touch, then each node writes what its keeper wants. */
  run(forMs: number, order: readonly number[] = []): void {
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs; this.nowMs += 1_000) {
      for (const [i, to] of this.nodes.entries())
        for (const [j, from] of this.nodes.entries())
          if (i !== j && this.#isNear(i, j))
            for (const it of from.stored) to.take(this.#book.commits[it] as Written)
      const turns = this.nodes.map((_, i) => i).sort((a, b) => (order[a] ?? a) - (order[b] ?? b))
      for (const at of turns) if ((this.#groups[at] ?? 0) >= 0) this.#act(at)
    }
  }

  #act(at: number): void {
    const node = this.node(at)
    const near = this.nodes.filter((_, i) => i !== at && this.#isNear(at, i)).map((it) => it.who.device)
    for (let i = 0; i < ACTS_MAX; i += 1) {
      const { act } = node.step(this.nowMs, new Set(near))
      if (act === null) return
      expect(node.write(act)).not.toBe(null)
    }
    throw new Error('a keeper writes without end')
  }

  #isNear(a: number, b: number): boolean {
    const [one, two] = [this.#groups[a] ?? 0, this.#groups[b] ?? 0]
    return one >= 0 && one === two
  }

  heights(): number[] {
    return this.nodes.map((it) => it.height)
  }
}

const floor = (height: number): AuthorityEntry => ({
  t: 'propose',
  changes: [{ kind: 'floor', height }],
  reason: '',
})

/** A proposal by the first node that these approve of, each on its own node. */
function asked(mesh: Mesh, entry: AuthorityEntry, approvers: readonly number[]): Uint8Array {
  const commit = mesh.node(approvers[0] ?? 0).write(entry)
  if (commit === null) throw new Error('no proposal')
  for (const at of approvers) {
    mesh.node(at).take(commit)
    if (mesh.node(at).write({ t: 'approve', proposal: commit.id }) === null) throw new Error('no approval')
  }
  return commit.id
}

test('what a quorum wants is sealed by their nodes alone, within seconds', () => {
  const mesh = new Mesh(4)
  asked(mesh, floor(2), [0, 1, 2])
  mesh.run(LEADER_WAIT_MS + 5_000)
  expect(mesh.heights()).toEqual([2, 2, 2, 2])
  expect(mesh.node(3).replica.state.epochs.tip.facts.floor).toBe(2)
})

test('a founder alone seals what he wants at once', () => {
  const mesh = new Mesh(1)
  const change = { kind: 'floor', height: mesh.node(0).height + 1 } as const
  const height = mesh.node(0).height
  asked(mesh, { t: 'propose', changes: [change], reason: '' }, [0])
  mesh.run(1_000)
  expect(mesh.node(0).height).toBe(height + 1)
})

test('without a quorum of wills nothing is sealed, nor once a steward has taken his back', () => {
  const mesh = new Mesh(4)
  const proposal = asked(mesh, floor(2), [0, 1])
  mesh.run(3 * ROUND_WAIT_MS)
  expect(mesh.heights()).toEqual([1, 1, 1, 1])
  mesh.node(1).write({ t: 'decline', proposal })
  mesh.node(2).write({ t: 'approve', proposal })
  mesh.run(3 * ROUND_WAIT_MS)
  expect(mesh.heights()).toEqual([1, 1, 1, 1])
  mesh.node(3).write({ t: 'approve', proposal })
  mesh.run(LEADER_WAIT_MS + 5_000)
  expect(mesh.heights()).toEqual([2, 2, 2, 2])
})

test('whoever leads the round may be away: another takes the turn', () => {
  for (const away of [0, 1, 2, 3]) {
    const mesh = new Mesh(4)
    const others = [0, 1, 2, 3].filter((it) => it !== away)
    asked(mesh, floor(2), others)
    mesh.part([0, 1, 2, 3].map((it) => (it === away ? -1 : 0)))
    mesh.run(LEADER_WAIT_MS + 5_000)
    expect(others.map((it) => mesh.node(it).height)).toEqual([2, 2, 2])
    mesh.part([0, 0, 0, 0])
    mesh.run(5_000)
    expect(mesh.heights()).toEqual([2, 2, 2, 2])
  }
})

test('less than a quorum waits as it is, and goes on once more are in touch', () => {
  const mesh = new Mesh(4)
  asked(mesh, floor(2), [0, 1, 2])
  mesh.part([0, 0, 1, 1])
  mesh.run(10 * ROUND_WAIT_MS)
  expect(mesh.heights()).toEqual([1, 1, 1, 1])
  const acts = mesh.book.commits.length
  mesh.run(10 * ROUND_WAIT_MS)
  expect(mesh.book.commits.length).toBe(acts)
  mesh.part([0, 0, 0, 0])
  mesh.run(3 * ROUND_WAIT_MS)
  expect(mesh.heights()).toEqual([2, 2, 2, 2])
})

test('A removes B while B removes A: one of them goes, and the other proposal fits no more', () => {
  const mesh = new Mesh(4)
  const remove = (at: number): AuthorityEntry => {
    const member = mesh.node(at).who.kit.publicKey
    return { t: 'propose', changes: [{ kind: 'remove', member }], reason: '' }
  }
  asked(mesh, remove(1), [0, 2, 3])
  asked(mesh, remove(0), [1, 2, 3])
  mesh.run(5 * ROUND_WAIT_MS)
  const tip = mesh.node(2).replica.state.epochs.tip
  // Of the three who stay a quorum is all, and the one who wanted it is gone.
  expect([tip.height, tip.stewards.size]).toEqual([2, 3])
  expect([mesh.node(2).height, mesh.node(3).height]).toEqual([2, 2])
})

test('a bare frontier is sealed once a day, and only when there is news', () => {
  const mesh = new Mesh(2)
  mesh.node(0).write(floor(9))
  mesh.run(ROUND_WAIT_MS)
  expect(mesh.heights()).toEqual([1, 1])
  const [a, b] = [mesh.node(0), mesh.node(1)]
  const { wakeAtMs } = a.step(mesh.nowMs, new Set([b.who.device]))
  expect(wakeAtMs).toBe(BARE_SEAL_EVERY_MS)
  mesh.nowMs = BARE_SEAL_EVERY_MS
  mesh.run(LEADER_WAIT_MS + 5_000)
  expect(mesh.heights()).toEqual([2, 2])
  mesh.run(2 * ROUND_WAIT_MS)
  expect(mesh.heights()).toEqual([2, 2])
  const rows = mesh.node(0).replica.state.epochs.tip.facts.frontier
  // The other steward had written nothing before.
  expect(rows.length).toBe(1)
})

test('who left is closed, and a fork is recorded, without anybody asking', () => {
  const mesh = new Mesh(4)
  const cheat = person(7)
  mesh.book.admit(cheat)
  const first = mesh.book.orderOf(mesh.book.do(cheat, floor(9)))
  for (let i = 0; i < 2; i += 1) mesh.book.do(cheat, floor(9), { prev: first })
  for (const it of mesh.nodes) it.forks = [{ device: cheat.device, seq: 1 }]
  mesh.book.doubtful.add(first + 1).add(first + 2)
  for (const commit of mesh.book.commits) mesh.node(0).take(commit)
  mesh.node(3).write({ t: 'leave', signature: null })
  mesh.run(3 * LEADER_WAIT_MS)
  const { state } = mesh.node(0).replica
  const { tip } = state.epochs
  expect(tip.stewards.size).toBe(3)
  expect(state.epochs.closed.at(mesh.node(3).who.device, tip)).toBe('left')
  expect(state.epochs.forks.at(cheat.device, tip)).toBe(1)
})

test('a device in which a steward is suspended keeps its frontier; what is good of a removed one is settled', () => {
  const mesh = new Mesh(4)
  const [target] = [mesh.node(3)]
  target.write(floor(7))
  mesh.run(2_000)
  mesh.node(0).write({ t: 'suspend', device: target.who.signer.publicKey, reason: 'stolen' })
  asked(mesh, floor(2), [0, 1, 2])
  mesh.run(2 * LEADER_WAIT_MS)
  const { state } = mesh.node(0).replica
  expect(mesh.node(0).height).toBe(2)
  expect(state.epochs.frontiers.at(target.who.device, state.epochs.tip)).toBe(undefined)
  const close = { kind: 'close', device: target.who.signer.publicKey } as const
  asked(mesh, { t: 'propose', changes: [close], reason: '' }, [0, 1, 2])
  mesh.run(2 * LEADER_WAIT_MS)
  expect(state.epochs.tip.facts.closed).toEqual([target.who.device])
  expect(state.epochs.frontiers.at(target.who.device, state.epochs.tip)).not.toBe(undefined)
})

test('a steward who is quick with records that decide nothing does not keep decisions away', () => {
  const mesh = new Mesh(4)
  const rogue = mesh.node(3)
  asked(mesh, floor(2), [0, 1, 2])
  mesh.part([0, 0, 0, -1])
  for (let i = 0; i < 40; i += 1) {
    for (const it of mesh.nodes.slice(0, 3))
      for (const order of it.stored) rogue.take(mesh.book.commits[order] as Written)
    const { tip } = rogue.replica.state.epochs
    const bare = {
      coop: mesh.book.coop,
      parent: tip.id,
      height: tip.height + 1,
      decision: null,
      changes: null,
    }
    rogue.write({ t: 'support', round: 0, seal: encodeSeal({ ...bare, frontier: [], forks: [], left: [] }) })
    for (const it of mesh.nodes.slice(0, 3))
      for (const order of rogue.stored) it.take(mesh.book.commits[order] as Written)
    mesh.run(1_000)
  }
  expect(mesh.node(0).replica.state.epochs.tip.facts.floor).toBe(2)
})

test('in the first seconds only the record of who leads the round is followed', () => {
  const mesh = new Mesh(4)
  asked(mesh, floor(2), [0, 1, 2])
  const { tip } = mesh.node(0).replica.state.epochs
  const leader = [...tip.signers.keys()].sort()[tip.height % 4]
  const [racer, ...others] = [0, 1, 2, 3].filter((it) => mesh.node(it).who.device !== leader) as [
    number,
    number,
    number,
  ]
  for (const node of mesh.nodes) for (const it of mesh.book.commits) node.take(it)
  // A record of its own that decides something, before the leader has spoken to anybody.
  mesh.part([0, 1, 2, 3].map((it) => (it === racer ? 0 : -1)))
  mesh.run(LEADER_WAIT_MS + 2_000)
  expect(mesh.book.last.device).toBe(mesh.node(racer).who.device)
  const raced = mesh.book.last
  const supports = (at: number): boolean =>
    mesh.book.commits.some((it) => it.order > raced.order && it.device === mesh.node(at).who.device)
  mesh.part([0, 1, 2, 3].map((it) => (it === racer || it === others[0] ? 0 : -1)))
  mesh.run(LEADER_WAIT_MS - 1_000)
  expect(supports(others[0])).toBe(false)
  mesh.run(2_000)
  expect(supports(others[0])).toBe(true)
  mesh.part([0, 0, 0, 0])
  mesh.run(LEADER_WAIT_MS + 5_000)
  expect(mesh.heights()).toEqual([2, 2, 2, 2])
})

test('proposals that no longer fit do not keep others from being decided', () => {
  const mesh = new Mesh(2)
  const unfit = Array.from({ length: 2 * PROPOSALS_TRIED_MAX - 1 }, (_, i) =>
    toHex(asked(mesh, floor(9), [i % 2, 1 - (i % 2)])),
  )
  const good = toHex(asked(mesh, floor(2), [1, 0]))
  expect(unfit.filter((it) => it < good).length).toBeGreaterThan(PROPOSALS_TRIED_MAX)
  mesh.run(2 * LEADER_WAIT_MS)
  expect(mesh.heights()).toEqual([2, 2])
})

test('whoever is no steward writes nothing', () => {
  const { book } = coopOf(2)
  book.admit(person(7))
  const node = new Node(book, person(7))
  expect(node.step(0, new Set())).toEqual({ act: null, wakeAtMs: null })
})

test('news that nobody can prove yet does not keep the rest from being sealed', () => {
  const mesh = new Mesh(2)
  for (const it of mesh.nodes) it.forks = [{ device: person(99).device, seq: 3 }]
  asked(mesh, floor(2), [0, 1])
  mesh.run(2 * LEADER_WAIT_MS)
  expect(mesh.heights()).toEqual([2, 2])
})

test('whatever splits come and go, what a quorum wants is sealed once a quorum stays in touch', () => {
  const groups = fc.array(fc.array(fc.nat({ max: 1 }), { minLength: 5, maxLength: 5 }), { maxLength: 4 })
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 5 }),
      groups,
      fc.array(fc.nat(9), { minLength: 5 }),
      (n, splits, order) => {
        const mesh = new Mesh(n)
        const quorum = mesh.node(0).replica.state.epochs.tip.quorum
        const approvers = Array.from({ length: quorum }, (_, i) => i)
        asked(mesh, floor(2), approvers)
        asked(mesh, { t: 'propose', changes: [makeSteward(person(0))], reason: '' }, approvers.toReversed())
        for (const split of splits) {
          mesh.part(split.slice(0, n))
          mesh.run(45_000, order)
        }
        mesh.part(Array.from({ length: n }, () => 0))
        mesh.run(6 * ROUND_WAIT_MS, order)
        expect(new Set(mesh.heights())).toEqual(new Set([3]))
        const tips = mesh.nodes.map((it) => toHex(it.replica.state.stateHash()))
        expect(new Set(tips).size).toBe(1)
      },
    ),
    { numRuns: 12 },
  )
})
