import { expect, test } from 'vitest'
import { fuzzLedger } from './fuzz/ledger.ts'
import { fuzzTexts } from './fuzz/texts.ts'
import { FuzzFailure, Watch } from './fuzz/watch.ts'

// Samples under a fixed seed; `npm run fuzz` does the rest.

test('a member that signs any ledger sections breaks nothing', () => {
  expect(fuzzLedger(1_200, 1, new Watch())).toMatch(/[1-9]\d* transfers accepted/)
})

test('files, split rules and asks that are bent are refused with a reason', () => {
  expect(fuzzTexts(1_500, 1, new Watch())).toMatch(/[1-9]\d* files planned/)
})

test('a call that throws, or takes longer than it may, is a find', () => {
  const watch = new Watch()
  const boom = (): never => {
    throw new RangeError('boom')
  }
  const spin = (): void => {
    const before = process.threadCpuUsage()
    while (process.threadCpuUsage(before).user < 255_000)
      for (let i = 0; i < 1_000_000; i += 1) Math.imul(i, i)
  }
  expect(() => watch.run('call', new Uint8Array(), boom)).toThrow(FuzzFailure)
  expect(() => watch.run('call', new Uint8Array(), spin)).toThrow(/call took \d+ ms/)
})
