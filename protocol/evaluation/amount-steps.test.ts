import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { AmountSteps } from './amount-steps.ts'
import { PathSteps } from './steps.ts'
import type { NumberedLine } from './steps.ts'

const trunk: NumberedLine = { index: 0, parent: null, base: 0 }
const branch: NumberedLine = { index: 3, parent: trunk, base: 5 }
const lines = [trunk, branch]

test('amounts of any size are found where they were noted, on a branch as on its trunk', () => {
  const step = fc.record({
    line: fc.nat(1),
    skip: fc.nat(2),
    amount: fc.oneof(fc.bigInt(0n, 9n), fc.bigInt(2n ** 63n - 2n, 2n ** 63n + 2n), fc.bigInt(0n, 2n ** 70n)),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (drafts) => {
      const [amounts, values] = [new AmountSteps(), new PathSteps<bigint>()]
      const at = [0, branch.base]
      for (const { line, skip, amount } of drafts) {
        const on = lines[line] ?? trunk
        at[line] = (at[line] ?? 0) + skip
        amounts.set(on, at[line] ?? 0, amount)
        values.set(on, at[line] ?? 0, amount)
        for (const asked of lines)
          for (let seq = 0; seq <= Math.max(...at) + 1; seq += 1)
            expect(amounts.at(asked, seq)).toBe(values.at(asked, seq) ?? 0n)
      }
    }),
  )
})
