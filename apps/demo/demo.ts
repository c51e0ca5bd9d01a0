import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DemoNode, until } from './demo-node.ts'
import type { Status } from './demo-node.ts'
import { Teller, bold, dim } from './teller.ts'
import { twoGates } from './two-gates.ts'

const teller = new Teller()

interface Asset {
  cid: string
  name: string
  isHeld: boolean
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'coop-demo-'))
  const nas = new DemoNode('NAS', join(folder, 'nas'))
  const venue = new DemoNode('venue', join(folder, 'venue'))
  const archive = new DemoNode('archive', join(folder, 'archive'))
  const all = [nas, venue, archive]
  const clean = async (): Promise<void> => {
    await Promise.all(all.map((node) => node.end()))
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void clean().finally(() => process.exit(130)))
  try {
    await foundAndJoin(nas, venue, archive)
    const photos = await shareFiles(nas, archive, folder)
    await cutOff(nas, venue)
    await crashAndRestart(nas, archive)
    await reunite(all)
    await twoGates(teller, all)
    await lookAtTheEnd(all, photos)
  } catch (cause) {
    teller.stopped(cause)
  } finally {
    await clean()
  }
  process.exitCode = teller.end() ? 0 : 1
}

async function foundAndJoin(nas: DemoNode, venue: DemoNode, archive: DemoNode): Promise<void> {
  teller.chapter('A co-op is founded, two devices join')
  await nas.coop('found', 'North Market', '--member', 'Ada', '--device', 'nas')
  teller.say('Ada founds “North Market” on her NAS. No network was needed.')
  await nas.start()
  for (const [node, role, member] of [
    [venue, 'venue', 'Vera'],
    [archive, 'archive', 'Ari'],
  ] as const) {
    const { link } = await nas.coop<{ link: string }>('invite', '--role', role)
    await node.coop('join', link, '--member', member, '--device', node.name)
    teller.say(`${member} pastes an invite on the ${node.name}: admitted as ${role}, and synced.`)
  }
  await Promise.all([venue.start(), archive.start()])
  const isMesh = await until(20_000, async () =>
    (await Promise.all([nas, venue, archive].map((it) => it.status()))).every((it) => it.peers === 2),
  )
  teller.check(isMesh, 'three nodes, each connected to the two others')
}

async function shareFiles(nas: DemoNode, archive: DemoNode, folder: string): Promise<string> {
  teller.chapter('A folder of files is shared')
  const photos = join(folder, 'photos')
  await mkdir(join(photos, 'raw'), { recursive: true })
  for (let i = 1; i <= 6; i += 1) await writeFile(join(photos, `stall-${i}.jpg`), randomBytes(700_000 * i))
  await writeFile(join(photos, 'raw', 'notes.txt'), 'Lemons sold out at noon.\n')
  const { assets } = await nas.coop<{ assets: { cid: string; bytes: number }[] }>('add', photos)
  const [asset] = assets
  if (asset === undefined) throw new Error('nothing was added')
  teller.say(`The NAS adds ${(asset.bytes / 1e6).toFixed(1)} MB: ${dim(asset.cid)}`)
  await until(10_000, async () => (await assetsOf(archive)).some((it) => it.cid === asset.cid))
  const target = join(folder, 'fetched')
  await archive.coop('get', asset.cid, '-o', target)
  teller.check(
    (await digest(target)) === (await digest(photos)),
    'the archive fetched every byte, checked leaf by leaf',
  )
  const again = await archive.coop<{ assets: { cid: string }[] }>('add', target)
  teller.check(again.assets[0]?.cid === asset.cid, 'adding the copy gives the same CID')
  return asset.cid
}

async function cutOff(nas: DemoNode, venue: DemoNode): Promise<void> {
  teller.chapter('The venue is cut off, and work goes on at both ends')
  await venue.coop('mesh', 'pause')
  teller.say('The venue leaves the mesh (its uplink is gone).')
  await venue.coop('board', 'set', 'today', 'soup', 'lentil')
  await venue.coop('board', 'append', 'today', 'orders', '2 × soup, table 4')
  await nas.coop('board', 'set', 'today', 'bread', 'rye')
  await nas.coop('board', 'append', 'today', 'orders', 'pick-up 14:00')
  teller.say('Both write on the board “today”, neither sees the other.')
  const till = join(venue.data, '..', 'till.csv')
  await writeFile(
    till,
    `time,item,cents\n${Array.from({ length: 20_000 }, (_, i) => `${i},soup,450`).join('\n')}\n`,
  )
  await venue.coop('add', till)
  teller.say('The venue adds its till roll, offline.')
  const [here, there] = [await venue.status(), await nas.status()]
  teller.check(
    here.documents['board/today']?.stateHash !== there.documents['board/today']?.stateHash,
    'the two boards differ, as they must',
  )
}

async function crashAndRestart(nas: DemoNode, archive: DemoNode): Promise<void> {
  teller.chapter('The NAS loses power')
  const before = await nas.status()
  const pid = nas.ready.pid
  await nas.kill()
  teller.say(`kill -9 ${pid}: the founder's node is gone in the middle of its work.`)
  await archive.coop('board', 'append', 'today', 'orders', 'the archive still writes')
  teller.say('The archive goes on writing: nobody needs the founder.')
  await nas.start()
  const after = await nas.status()
  teller.check(
    after.commits >= before.commits,
    `the NAS is back with all ${before.commits} acknowledged commits`,
  )
}

async function reunite(all: DemoNode[]): Promise<void> {
  teller.chapter('The venue comes back')
  await all[1]?.coop('mesh', 'resume')
  const isEqual = await until(30_000, async () => {
    const roots = await Promise.all(all.map((node) => node.status()))
    return new Set(roots.map((it) => it.headsRoot)).size === 1 && roots.every((it) => it.peers === 2)
  })
  teller.check(isEqual, 'all three hold the same commits')
  for (const node of all) {
    for (const asset of await assetsOf(node)) if (!asset.isHeld) await node.coop('get', asset.cid)
  }
  await until(
    15_000,
    async () =>
      new Set((await Promise.all(all.map((it) => it.status()))).map((it) => it.headsRoot)).size === 1,
  )
  teller.say('Every node fetched what it lacked.')
}

async function lookAtTheEnd(all: DemoNode[], photos: string): Promise<void> {
  teller.chapter('What each node holds now')
  const states = await Promise.all(all.map((node) => node.status()))
  const documents = Object.keys(states[0]?.documents ?? {}).sort()
  teller.row(['', ...all.map((node) => node.name)], bold)
  for (const id of documents)
    teller.row([id, ...states.map((state) => state.documents[id]?.stateHash.slice(0, 12) ?? '-')])
  const lists = await Promise.all(all.map(assetsOf))
  for (const asset of lists[0] ?? []) {
    teller.row([
      asset.name,
      ...lists.map((list) => (list.find((it) => it.cid === asset.cid)?.isHeld === true ? 'held' : '-')),
    ])
  }
  const board = await all[2]?.coop<{ fields: object; lists: Record<string, string[]> }>(
    'board',
    'show',
    'today',
  )
  teller.row(['orders on “today”', (board?.lists['orders'] ?? []).join(' | ')])
  process.stdout.write('\n')
  teller.check(isSame(states, documents), 'equal state hashes on all three')
  teller.check(board?.lists['orders']?.length === 3, 'no order was lost: each of the three is on the board')
  const isComplete = lists.every(
    (list) => list.length >= 2 && list.every((it) => it.isHeld) && list.some((it) => it.cid === photos),
  )
  teller.check(isComplete, 'every file is on every node')
}

function isSame(states: Status[], documents: string[]): boolean {
  return documents.every((id) => new Set(states.map((state) => state.documents[id]?.stateHash)).size === 1)
}

async function assetsOf(node: DemoNode): Promise<Asset[]> {
  return (await node.coop<{ assets: Asset[] }>('ls')).assets
}

/** SHA-256 over names and bytes of all files of a folder. */
async function digest(folder: string): Promise<string> {
  const hash = createHash('sha256')
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((it) => it.isFile())
    .map((it) => join(it.parentPath, it.name).slice(folder.length))
  for (const file of files.sort()) hash.update(file).update(await readFile(folder + file))
  return hash.digest('hex')
}

await main()
