import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CoopNode } from './coop-node.ts'

let folder: string
const nodes: CoopNode[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coopmesh-money-'))
})
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close()
  await rm(folder, { recursive: true, force: true })
})

async function openNode(name: string): Promise<CoopNode> {
  const node = await CoopNode.open({
    ...{ dataPath: join(folder, name), statePath: null, passphrase: undefined, port: 0, host: '127.0.0.1' },
    ...{ isMdnsOn: false, log: pino({ level: 'silent' }) },
  })
  nodes.push(node)
  return node
}

test('the part of a payer with two devices stays where it is; of another such member it has to be said which', async () => {
  const nas = await openNode('nas')
  const { words } = await nas.found('North Market', { memberName: 'Ada', deviceName: 'nas' })
  await nas.startMesh()
  const invite = async (): Promise<string> => (await nas.invite('member', 1, 60_000)).link
  const stall = await openNode('stall')
  const bo = await stall.join(await invite(), { memberName: 'Bo', deviceName: 'stall' })
  const laptop = await openNode('laptop')
  await laptop.join(await invite(), { memberName: 'Ada', deviceName: 'laptop' }, { kitWords: words ?? '' })
  await nas.ledger.define({ code: 'CUP', kind: 'stock' })
  await nas.ledger.write([{ type: 'issue', unit: 'CUP', amount: '10' }])
  const parties = ['Ada', 'Bo'].map((key) => ({ key, part: { way: 'share', weight: 1 } as const }))
  await nas.money.defineRule({ id: 'door', version: 1, parties })
  const pay = { rule: 'door', unit: 'CUP', isPaid: true }
  await nas.money.split({ ...pay, amount: '4' })
  expect(nas.ledger.balances({ unit: 'CUP', device: 'nas' })).toMatchObject([{ held: '8' }])
  const debts = [{ debtor: 'Bo', creditor: 'Ada', amount: '1' }]
  await expect(nas.money.net({ unit: 'CUP', debts, isPaid: true })).rejects.toMatchObject({
    code: 'split-invalid',
    message: 'Ada, whose device this is, pays nothing on balance',
  })
  const second = await openNode('phone')
  await second.join(await invite(), { memberName: 'Bo', deviceName: 'phone' }, { kitWords: bo.words ?? '' })
  await expect(nas.money.split({ ...pay, amount: '2' })).rejects.toMatchObject({
    code: 'name-ambiguous',
    message: 'Bo has several devices: stall, phone',
    next: expect.stringContaining('coop ledger transfer UNIT AMOUNT DEVICE'),
  })
  expect(nas.ledger.balances({ unit: 'CUP', device: 'nas' })).toMatchObject([{ held: '8' }])
})
