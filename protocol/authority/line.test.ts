import { expect, test } from 'vitest'
import { Epoch } from './epoch.ts'
import { tipOf } from './line.ts'

/** An epoch with the rounds in which stewards (`abc` for three) signed it. */
function seal(
  n: number,
  parent: Epoch | null,
  signed: Record<string, readonly number[]> = {},
  more: { attempt?: number; removals?: number; stewards?: string; doubles?: string } = {},
): Epoch {
  const stewards = new Map((more.stewards ?? 'abcd').split('').map((it) => [it, `device ${it}`]))
  const rounds = new Map(Object.entries(signed).map(([who, them]) => [who, new Set(them)]))
  const epoch = new Epoch({
    ...{ id: new Uint8Array(32).fill(n), parent, isRecovery: more.attempt !== undefined, proposal: null },
    ...{ stewards, rules: { quorum: 'majority', recovery: 'kits' }, removals: more.removals ?? 0 },
    facts: { frontier: [], closed: [], floor: 0, forkProofs: [], allowances: [] },
    votes: {
      ...{ certificate: [], isIn: () => true, signedBy: () => rounds },
      attempt: () => more.attempt ?? 0,
      isDoubleSigner: (it) => (more.doubles ?? '').includes(it),
    },
  })
  parent?.children.push(epoch)
  return epoch
}

/** Signed by these in round 0. */
const by = (who: string): Record<string, number[]> => Object.fromEntries(who.split('').map((it) => [it, [0]]))

test('a line without siblings ends with its last seal, however long it is', () => {
  const founding = seal(0, null)
  let tip = founding
  for (let i = 0; i < 5_000; i += 1) tip = seal(i % 256, tip)
  expect(tipOf(founding)).toBe(tip)
  expect([founding.isAtOrBefore(tip), tip.isAtOrBefore(founding), tip.isAtOrBefore(tip)]).toEqual([
    true,
    false,
    true,
  ])
})

test('ancestors are found at every distance, and never on a sibling line', () => {
  const founding = seal(0, null)
  const lines = [1, 2].map((n) => {
    const line = [seal(n, founding)]
    for (let i = 1; i < 70; i += 1) line.push(seal(n, line.at(-1) ?? founding))
    return line
  })
  const [left = [], right = []] = lines
  for (const [i, it] of left.entries()) {
    for (const [j, later] of left.entries()) expect(it.isAtOrBefore(later)).toBe(i <= j)
    expect(right.some((other) => it.isAtOrBefore(other) || other.isAtOrBefore(it))).toBe(false)
  }
})

test('of two children the one wins that more stewards signed; a double signer counts for none', () => {
  const founding = seal(0, null)
  const x = seal(1, founding, by('abc'))
  const y = seal(2, founding, by('ad'))
  expect(tipOf(founding)).toBe(x)
  // b and c turn out to have signed double.
  const other = seal(0, null)
  seal(1, other, by('abc'))
  const z = seal(2, other, by('bcd'), { doubles: 'bc' })
  const w = seal(3, z, by('a'))
  expect(tipOf(other)).toBe(w)
  expect(y.parent).toBe(founding)
})

test('what follows a child speaks for it as well', () => {
  const founding = seal(0, null)
  seal(1, founding, by('ab'))
  const y = seal(2, founding, by('c'))
  const grandchild = seal(3, y, by('cd'))
  const last = seal(4, grandchild, by('a'))
  // a signed a child itself: it still counts where it went on.
  expect(tipOf(founding)).toBe(last)
})

test('of one who signed children in several rounds only the latest counts', () => {
  const founding = seal(0, null)
  seal(1, founding, { a: [0], b: [0], c: [0] })
  const y = seal(2, founding, { a: [1], b: [1] })
  expect(tipOf(founding)).toBe(y)
  const other = seal(0, null)
  const x = seal(2, other, { a: [0, 3], c: [0] })
  seal(1, other, { a: [1], b: [1] })
  expect(tipOf(other)).toBe(x)
})

test('of equal weight the smaller roster wins, then the lower id', () => {
  const founding = seal(0, null)
  seal(1, founding, by('ab'))
  const y = seal(2, founding, by('cd'), { removals: 1 })
  expect(tipOf(founding)).toBe(y)
  const other = seal(0, null)
  const low = seal(1, other, by('ab'))
  seal(2, other, by('cd'))
  expect(tipOf(other)).toBe(low)
})

test('only stewards of the parent weigh', () => {
  const founding = seal(0, null, {}, { stewards: 'ab' })
  const x = seal(2, founding, by('a'))
  const y = seal(1, founding, by('b'))
  seal(3, x, by('cdef'))
  const end = seal(3, y, by('a'))
  expect(tipOf(founding)).toBe(end)
})

test('a recovery loses to an ordinary seal until it has a child', () => {
  const founding = seal(0, null)
  const recovery = seal(1, founding, {}, { attempt: 0 })
  expect(tipOf(founding)).toBe(recovery)
  const own = seal(2, founding, by('ab'))
  expect(tipOf(founding)).toBe(own)
  const next = seal(3, recovery, by('abc'))
  expect(tipOf(founding)).toBe(next)
})

test('a recovery that was lived on stays when a seal turns up that was withheld, until that has a child', () => {
  const founding = seal(0, null)
  const recovery = seal(1, founding, {}, { attempt: 0 })
  const lived = seal(3, recovery, by('x'))
  const withheld = seal(2, founding, by('abc'))
  expect(tipOf(founding)).toBe(lived)
  const next = seal(4, withheld, by('abc'))
  expect(tipOf(founding)).toBe(next)
})

test('of two recoveries the later attempt wins, and the one with a child before that', () => {
  const founding = seal(0, null)
  const first = seal(1, founding, {}, { attempt: 0 })
  const second = seal(2, founding, {}, { attempt: 1 })
  expect(tipOf(founding)).toBe(second)
  const next = seal(3, first, by('a'))
  expect(tipOf(founding)).toBe(next)
  const last = seal(4, second, by('b'))
  expect(tipOf(founding)).toBe(last)
})
