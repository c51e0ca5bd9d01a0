import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../actors/node-process.ts'
import { Workbench } from '../actors/workbench.ts'

let bench: Workbench
beforeAll(async () => {
  bench = await Workbench.open()
})
afterAll(() => bench.close())

test('the order screen shows a list of a board', async () => {
  const node = await bench.found('nas')
  for (const order of ['2 × soup', 'tea'])
    await node.api('POST', '/v1/boards/today/lists/orders', { value: order })
  const example = join(ROOT, 'examples', 'order-screen.ts')
  const args = [example, node.folder, 'today', 'orders', '--once']
  const { stdout } = await promisify(execFile)(join(ROOT, 'node_modules/.bin/node'), args)
  expect(stdout).toBe('2 orders\n1. 2 × soup\n2. tea\n')
})
