import { expect, it } from 'vitest'
import * as fc from 'fast-check'
import { LineReader } from './line-reader.ts'

it('lines are whole, however the stream is cut', () => {
  const line = fc.array(fc.constantFrom('a', '{', ' ', 'é')).map((letters) => letters.join(''))
  fc.assert(
    fc.property(fc.array(line), fc.constantFrom('\n', '\r\n'), fc.array(fc.nat()), (lines, end, cuts) => {
      let rest = lines.map((line) => line + end).join('')
      const reader = new LineReader()
      const read: string[] = []
      for (const cut of cuts) {
        read.push(...reader.push(rest.slice(0, cut % 4)))
        rest = rest.slice(cut % 4)
      }
      read.push(...reader.push(rest))
      expect(read).toEqual(lines)
    }),
  )
})
