import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { reachOn, sharedReach } from './line.ts'
import { PathSteps } from './steps.ts'
import type { NumberedLine } from './steps.ts'

/** A tree of lines with the values set on them; `values[i]` holds one value for each position of its own. */
interface Tree {
  lines: NumberedLine[]
  lengths: number[]
  values: number[][]
}

const trees: fc.Arbitrary<Tree> = fc
  .array(
    fc.record({
      parent: fc.nat(),
      at: fc.nat(),
      values: fc.array(fc.nat(3), { minLength: 1, maxLength: 8 }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((drafts) => {
    const tree: Tree = { lines: [], lengths: [], values: [] }
    for (const [index, draft] of drafts.entries()) {
      const parent = index === 0 ? null : (tree.lines[draft.parent % index] ?? null)
      const room = parent === null ? 0 : (tree.lengths[parent.index] ?? 0) - parent.base
      const base = parent === null ? 0 : parent.base + 1 + (draft.at % room)
      tree.lines.push({ index, parent, base })
      tree.lengths.push(base + draft.values.length)
      tree.values.push(draft.values)
    }
    return tree
  })

/** Values at each position of the path to the end of a line, with the line that each is on. */
function path(tree: Tree, index: number): { value: number; line: number }[] {
  const line = tree.lines[index] as NumberedLine
  const before = line.parent === null ? [] : path(tree, line.parent.index).slice(0, line.base)
  return [...before, ...(tree.values[index] ?? []).map((value) => ({ value, line: index }))]
}

function stepsOf(tree: Tree): PathSteps<number> {
  const steps = new PathSteps<number>()
  for (const line of tree.lines)
    for (const [i, value] of (tree.values[line.index] ?? []).entries())
      if (i === 0 || steps.at(line, line.base + i - 1) !== value) steps.set(line, line.base + i, value)
  return steps
}

test('a value is that of its own line or of the trunk below it, at every place of a tree', () => {
  let nested = 0
  fc.assert(
    fc.property(trees, (tree) => {
      const steps = stepsOf(tree)
      for (const line of tree.lines) {
        const values = path(tree, line.index).map((it) => it.value)
        expect(values.map((_, at) => steps.at(line, at))).toEqual(values)
        if (line.parent?.parent) nested += 1
      }
    }),
  )
  expect(nested).toBeGreaterThan(20)
})

test('the first place that passes is found between any two on a path', () => {
  let found = 0
  fc.assert(
    fc.property(trees, fc.integer({ min: -1, max: 20 }), fc.nat(20), fc.nat(3), (tree, after, to, wanted) => {
      const steps = stepsOf(tree)
      for (const line of tree.lines) {
        const values = path(tree, line.index).map((it) => it.value)
        const end = Math.min(to, values.length - 1)
        const expected = values.findIndex((value, at) => at > after && at <= end && value === wanted)
        const first = steps.firstBetween(line, after, end, (value) => value === wanted)
        expect(first).toBe(expected < 0 ? Infinity : expected)
        if (expected >= 0) found += 1
      }
    }),
  )
  expect(found).toBeGreaterThan(20)
})

test('two paths share what lies before the place where they part', () => {
  let parted = 0
  fc.assert(
    fc.property(trees, fc.nat(), fc.nat(), (tree, a, b) => {
      const [one, other] = [a % tree.lines.length, b % tree.lines.length]
      const [left, right] = [path(tree, one), path(tree, other)]
      let shared = -1
      while (left[shared + 1] !== undefined && left[shared + 1]?.line === right[shared + 1]?.line) shared += 1
      const [line, end] = [tree.lines[one] as NumberedLine, tree.lines[other] as NumberedLine]
      // The path of a line goes on for as long as the line does: it may share all of the other.
      const isInside = one === other ? right.length - 1 : shared
      expect(sharedReach(line, end, right.length - 1)).toBe(isInside)
      expect(reachOn(line, end, right.length - 1)).toBe(right.findLastIndex((it) => it.line === one))
      if (shared >= 0 && one !== other) parted += 1
    }),
  )
  expect(parted).toBeGreaterThan(20)
})
