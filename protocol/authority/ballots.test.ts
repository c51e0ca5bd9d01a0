import { expect, test } from 'vitest'
import { coopOf, person, sha256 } from '../../test/actors/authority-book.ts'
import type { AuthorityBook, Person } from '../../test/actors/authority-book.ts'
import { encodeCanonical, toHex } from '../encoding/index.ts'
import type { AuthorityEntry } from './entries.ts'
import { quorumOf } from './epoch.ts'
import { SEAL_BYTES_MAX } from './seal-record.ts'

const support = (book: AuthorityBook, by: Person, seal: Uint8Array, round = 0): string =>
  book.write(by, { t: 'support', round, seal })
const sign = (book: AuthorityBook, by: Person, seal: Uint8Array, round = 0): string =>
  book.write(by, { t: 'sign', round, seal })
const advance = (book: AuthorityBook, by: Person, round: number): string =>
  book.write(by, { t: 'advance', parent: book.tip.id, round })

/** A co-op of four stewards, three of whom are a quorum, and three records that any of them may support. */
function four(): { book: AuthorityBook; people: [Person, Person, Person, Person]; seals: Uint8Array[] } {
  const { book, people } = coopOf(4)
  for (let i = 0; i < 3; i += 1) book.propose(people[i] ?? person(0), [{ kind: 'floor', height: 2 }])
  const seals = [0, 1, 2].map((i) => book.record({ frontier: book.frontier(people.slice(i, i + 1)) }))
  return { book, people: people as [Person, Person, Person, Person], seals }
}

/** Order of the last of these commits that is of this steward. */
function lastOf(book: AuthorityBook, who: Person, orders: readonly number[]): number {
  return orders.findLast((it) => book.commits[it]?.device === who.device) ?? -1
}

test('a quorum is more than two thirds, all of up to three; by majority more than half', () => {
  const all = Array.from({ length: 64 }, (_, i) => i + 1)
  for (const n of all) {
    const q = quorumOf(n, 'two-thirds')
    expect(q).toBe(Math.floor((2 * n) / 3) + 1)
    expect(3 * q).toBeGreaterThan(2 * n)
    expect(3 * (q - 1)).toBeLessThanOrEqual(2 * n)
    // Two quorums share an honest steward although one signs double.
    if (n > 1) expect(2 * q - n).toBeGreaterThanOrEqual(2)
    expect(quorumOf(n, 'majority')).toBe(Math.floor(n / 2) + 1)
  }
  expect([1, 2, 3, 4, 5, 6, 7].map((n) => quorumOf(n, 'two-thirds'))).toEqual([1, 2, 3, 3, 4, 5, 5])
})

test('supported-another: a chain supports one seal in a round, again and again if it likes', () => {
  const { book, people, seals } = four()
  const [x, y] = seals as [Uint8Array, Uint8Array]
  expect(support(book, people[0], x)).toBe('ok')
  expect(support(book, people[0], x)).toBe('ok')
  expect(support(book, people[0], y)).toBe('supported-another')
  expect(sign(book, people[0], y)).toBe('supported-another')
})

test('not-prepared: signed is what a quorum supports, the signature being a support as well', () => {
  const { book, people, seals } = four()
  const [a, b, c, d] = people
  const [x, y] = seals as [Uint8Array, Uint8Array]
  expect(sign(book, a, x)).toBe('not-prepared')
  expect(support(book, a, x)).toBe('ok')
  // Whoever supports twice is one supporter.
  expect(support(book, a, x)).toBe('ok')
  expect(sign(book, b, x)).toBe('not-prepared')
  expect(support(book, b, x)).toBe('ok')
  expect(sign(book, a, x)).toBe('not-prepared')
  expect(sign(book, c, x)).toBe('ok')
  expect(support(book, c, y)).toBe('supported-another')
  expect(sign(book, a, x)).toBe('ok')
  expect(sign(book, a, x)).toBe('ok')
  expect(book.tip.height).toBe(1)
  expect(sign(book, d, x)).toBe('ok')
  expect(book.tip.id).toEqual(sha256(x))
})

test('a signature by id names a record that its past holds', () => {
  const { book, people, seals } = four()
  const [a, b, c] = people
  const [x] = seals as [Uint8Array]
  const unseen = book.commits.map((it) => it.order)
  expect(sign(book, a, sha256(x))).toBe('record')
  for (const it of [a, b, c]) support(book, it, x)
  const byId = { t: 'sign', round: 0, seal: sha256(x) } as const
  const d = people[3]
  expect(book.write(d, byId, { seen: unseen })).toBe('record')
  expect(book.write(d, byId)).toBe('ok')
})

test('round-closed: a round is open once a quorum has given up those before', () => {
  const { book, people, seals } = four()
  const [a, b, c] = people
  const [x, y] = seals as [Uint8Array, Uint8Array]
  expect(support(book, a, x, 1)).toBe('round-closed')
  expect(support(book, a, x)).toBe('ok')
  for (const it of [a, b]) expect(advance(book, it, 1)).toBe('ok')
  expect(support(book, a, y, 1)).toBe('round-closed')
  expect(advance(book, c, 1)).toBe('ok')
  expect(support(book, a, y, 1)).toBe('ok')
})

test('round-passed: nobody goes back to a round that its chain gave up', () => {
  const { book, people, seals } = four()
  const [a] = people
  const [x] = seals as [Uint8Array]
  expect(advance(book, a, 0)).toBe('round-passed')
  expect(advance(book, a, 1)).toBe('ok')
  expect(advance(book, a, 1)).toBe('round-passed')
  expect(support(book, a, x, 0)).toBe('round-passed')
})

test('round-ahead: a round is given up once it is open, or as far as more than a blocking minority has', () => {
  const { book, people } = four()
  const [a, b, c, d] = people
  expect(advance(book, a, 2)).toBe('round-ahead')
  expect(advance(book, a, 1)).toBe('ok')
  // Else one who counts on while others stand still would be alone in its round for ever.
  expect(advance(book, a, 2)).toBe('round-ahead')
  expect(advance(book, b, 1)).toBe('ok')
  expect(advance(book, b, 2)).toBe('round-ahead')
  expect(advance(book, c, 1)).toBe('ok')
  for (const it of [a, b]) expect(advance(book, it, 2)).toBe('ok')
  // One may be a cheat, two are not; d skips the round that it missed.
  expect(advance(book, d, 3)).toBe('round-ahead')
  expect(advance(book, d, 2)).toBe('ok')
  expect(advance(book, a, 3)).toBe('ok')
  expect(advance(book, c, 3)).toBe('ok')
  expect(advance(book, c, 4)).toBe('round-ahead')
})

test('parent: rounds are those of the cited epoch', () => {
  const { book, people } = four()
  expect(book.write(people[0], { t: 'advance', parent: book.coop, round: 1 })).toBe('parent')
})

test('prepared-another: what a quorum supported goes on into later rounds', () => {
  const { book, people, seals } = four()
  const [a, b, c, d] = people
  const [x, y] = seals as [Uint8Array, Uint8Array]
  for (const it of [a, b, c]) support(book, it, x)
  for (const it of [b, c, d]) advance(book, it, 1)
  expect(support(book, d, y, 1)).toBe('prepared-another')
  expect(sign(book, d, y, 1)).toBe('prepared-another')
  expect(support(book, d, x, 1)).toBe('ok')
  for (const it of [b, c]) expect(support(book, it, x, 1)).toBe('ok')
  for (const it of [b, c, d]) expect(sign(book, it, sha256(x), 1)).toBe('ok')
  expect(book.tip.id).toEqual(sha256(x))
})

test('a signature that was withheld rolls nothing back, however late it comes', () => {
  const { book, people, seals } = four()
  const [a, b, c, d] = people
  const [x, y] = seals as [Uint8Array, Uint8Array]
  for (const it of [a, b, c]) support(book, it, x)
  for (const it of [a, b]) expect(sign(book, it, x)).toBe('ok')
  const others = book.commits.map((it) => it.order)
  const { id: parent } = book.tip
  for (const it of [a, b, d]) expect(advance(book, it, 1)).toBe('ok')
  expect(support(book, d, y, 1)).toBe('prepared-another')
  for (const it of [a, b, d]) expect(support(book, it, x, 1)).toBe('ok')
  for (const it of [a, b, d]) expect(sign(book, it, x, 1)).toBe('ok')
  const first = book.tip
  const second = book.commit(book.record(), [a, b, c])
  expect(
    book.write(
      c,
      { t: 'sign', round: 0, seal: x },
      { seen: others, epoch: parent, prev: lastOf(book, c, others) },
    ),
  ).toBe('ok')
  expect(book.tip).toBe(second)
  expect(first.parent?.children).toEqual([first])
})

test('a double signer weighs nothing, in whichever rounds it signs', () => {
  const { book, people } = coopOf(3, { quorum: 'majority' })
  const [a, b, d] = people as [Person, Person, Person]
  const parent = book.tip
  // Were the double signer counted where it signed last, the higher id would win.
  const name = (seal: Uint8Array): string => toHex(sha256(seal))
  const records = [book.record(), book.record({ frontier: book.frontier([a]) })]
  const [x, y] = records.sort((r, s) => (name(r) < name(s) ? -1 : 1)) as [Uint8Array, Uint8Array]
  const common = book.commits.map((it) => it.order)
  const root = lastOf(book, d, common)
  /** These two commit a seal in a round that both advance to, and know nothing of the others. */
  const commit = (them: [Person, Person], seal: Uint8Array, round: number): void => {
    const seen = [...common]
    const prevs = them.map((it) => (it === d ? root : lastOf(book, it, common)))
    const all = (entry: AuthorityEntry): void => {
      const said = them.map((it, i) => {
        const before = book.commits.length
        book.do(it, entry, { seen, epoch: parent.id, prev: prevs[i] ?? -1 })
        prevs[i] = before
        return before
      })
      seen.push(...said)
    }
    if (round > 0) all({ t: 'advance', parent: parent.id, round })
    all({ t: 'support', round, seal })
    all({ t: 'sign', round, seal })
  }
  commit([a, d], x, 0)
  commit([b, d], y, 1)
  expect(parent.children.map((it) => it.id)).toEqual([sha256(x), sha256(y)])
  expect(parent.children.map((it) => it.votes.isDoubleSigner(d.member))).toEqual([true, true])
  expect(parent.children.map((it) => it.votes.isDoubleSigner(a.member))).toEqual([false, false])
  expect(book.tip.name).toBe(name(x))
})

test('two who supported too early meet in the next round: wills and records are not lost', () => {
  const { book, people, seals } = four()
  const [a, b, c, d] = people
  const [x, y] = seals as [Uint8Array, Uint8Array]
  for (const it of [a, b]) support(book, it, x)
  for (const it of [c, d]) support(book, it, y)
  for (const it of people) expect(advance(book, it, 1)).toBe('ok')
  for (const it of people) expect(support(book, it, y, 1)).toBe('ok')
  for (const it of people.slice(0, 3)) expect(sign(book, it, sha256(y), 1)).toBe('ok')
  expect(book.tip.id).toEqual(sha256(y))
})

test('what turns up between support and signature does not end the ballot', () => {
  const { book, people, seals } = four()
  const [a, b, c] = people
  const [x] = seals as [Uint8Array]
  const settled = book.commits.findLast((it) => it.device === a.device)?.order ?? -1
  for (const it of [a, b, c]) expect(support(book, it, x)).toBe('ok')
  // The chain of the frontier turns out to have parted.
  book.doubtful.add(settled)
  for (const it of [a, b, c]) expect(sign(book, it, sha256(x))).toBe('ok')
  expect(book.tip.height).toBe(2)
})

test('entries: votes and rounds are well formed, and 10 MB are not read', () => {
  const { book, people } = four()
  const [a] = people
  const bad: object[] = [
    { t: 'support', round: -1, seal: book.record() },
    { t: 'support', round: 0.5, seal: book.record() },
    { t: 'support', round: 0, seal: new Uint8Array(SEAL_BYTES_MAX + 1) },
    { t: 'support', round: 0, seal: new Uint8Array(10_000_000) },
    { t: 'support', round: 0, seal: 'x' },
    { t: 'support', round: 0 },
    { t: 'sign', round: 0, seal: book.record(), by: a.signer.publicKey },
    { t: 'advance', parent: new Uint8Array(31), round: 1 },
    { t: 'advance', parent: book.tip.id, round: null },
    { t: 'advance', round: 1 },
  ]
  for (const entry of bad) {
    const payload = ((): Uint8Array => {
      try {
        return encodeCanonical([entry as never])
      } catch {
        return new Uint8Array()
      }
    })()
    expect(book.writeBytes(a, payload)).toBe('entries')
  }
  expect(support(book, a, new Uint8Array(SEAL_BYTES_MAX))).toBe('record')
})
