import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EXIT_CODES } from '#node/errors'
import { FOLDER_FORMAT, formatText } from '#node/folder'
import { ApiError, START_ARGS } from '../actors/node-process.ts'
import type { CliResult, ErrorBody, NodeProcess } from '../actors/node-process.ts'
import { until } from '../actors/until.ts'
import { Workbench } from '../actors/workbench.ts'

let bench: Workbench
let nas: NodeProcess

/** The error of a command that failed, whose exit code must be that of its error. */
function errorOf(result: CliResult): ErrorBody['error'] {
  const { error } = JSON.parse(result.stdout) as ErrorBody
  expect(result.code, result.stdout).toBe(new Map<string, number>(Object.entries(EXIT_CODES)).get(error.code))
  return error
}

async function startFailure(name: string, ...args: string[]): Promise<ErrorBody['error']> {
  return errorOf(await bench.coop(name, 'start', ...START_ARGS, ...args))
}

/** The failure of the lightest command that opens a folder. */
async function openFailure(name: string): Promise<ErrorBody['error']> {
  return errorOf(await bench.coop(name, 'found', 'South Market', '--json'))
}

beforeAll(async () => {
  bench = await Workbench.open()
  nas = await bench.found('nas')
})
afterAll(() => bench.close())

test.concurrent('a second process on a folder is refused and told the pid of the first', async () => {
  const error = await startFailure('nas')
  expect(error).toMatchObject({ code: 'data-locked', message: expect.stringContaining(` ${nas.pid}`) })
})

test.concurrent('a folder of a newer format is refused and not touched', async () => {
  await mkdir(bench.file('newer'))
  await writeFile(bench.file('newer', 'format'), formatText(FOLDER_FORMAT + 1))
  expect(await openFailure('newer')).toMatchObject({ code: 'data-newer' })
  expect(await readdir(bench.file('newer'))).toEqual(['format'])
})

test.concurrent('a folder of an older format is refused by name and not touched', async () => {
  await mkdir(bench.file('older'))
  await writeFile(bench.file('older', 'format'), '1\n')
  expect(await openFailure('older')).toMatchObject({ code: 'data-older' })
  expect(await readdir(bench.file('older'))).toEqual(['format'])
})

test.concurrent('a used folder without its device key is refused: a new key would be another device', async () => {
  expect((await bench.coop('keyless', 'found', 'South Market', '--json')).code).toBe(0)
  await rm(bench.file('keyless', 'device.key'))
  expect(await startFailure('keyless')).toMatchObject({ code: 'data-damaged' })
})

test.concurrent('a file in the place of the folder is refused', async () => {
  await writeFile(bench.file('file'), 'not a folder')
  expect(await openFailure('file')).toMatchObject({ code: 'data-unwritable' })
})

test.concurrent('a folder on a read-only file system is refused', async ({ skip }) => {
  await mkdir(bench.file('read-only'))
  if (!mount(bench.file('read-only'), 'ro')) return skip('this machine does not allow a mount')
  try {
    expect(await openFailure('read-only')).toMatchObject({ code: 'data-unwritable' })
  } finally {
    execFileSync('umount', ['-l', bench.file('read-only')])
  }
})

test.skipIf(process.getuid?.() === 0)(
  'a folder without write permission is refused (skipped as root)',
  async () => {
    await mkdir(bench.file('closed'))
    await chmod(bench.file('closed'), 0o500)
    expect(await openFailure('closed')).toMatchObject({ code: 'data-unwritable' })
  },
)

test.concurrent('a mesh port in use is refused, and the folder is free again', async () => {
  expect((await bench.coop('second', 'found', 'South Market', '--json')).code).toBe(0)
  const port = await nas.port()
  const error = await startFailure('second', '--port', port)
  expect(error).toMatchObject({ code: 'port-in-use', message: expect.stringContaining(port) })
  expect(await readdir(bench.file('second'))).not.toContain('lock')
})

test.concurrent('an HTTP port in use is refused', async () => {
  const port = new URL(nas.ready.http).port
  const error = await startFailure('third', '--http-port', port)
  expect(error).toMatchObject({ code: 'port-in-use', message: expect.stringContaining(port) })
})

test.concurrent('a damaged device key is refused by name', async () => {
  await mkdir(bench.file('damaged'))
  await writeFile(bench.file('damaged', 'device.key'), 'plain AAAA\n')
  expect(await openFailure('damaged')).toMatchObject({ code: 'data-damaged' })
})

test.concurrent('token and device key can be read by their owner alone', async () => {
  for (const name of ['api.token', 'device.key']) {
    expect((await stat(join(nas.folder, name))).mode & 0o777, name).toBe(0o600)
  }
})

test.concurrent('a sealed device key opens with its passphrase alone', async () => {
  const env = { COOP_PASSPHRASE: 'correct horse' }
  const sealed = await bench.start('sealed', { env })
  expect(await sealed.status()).toMatchObject({ isKeySealed: true, warnings: [] })
  const { device } = sealed
  await sealed.stop()
  expect(await readFile(join(sealed.folder, 'device.key'), 'utf8')).toMatch(/^argon2id /)
  expect(await startFailure('sealed')).toMatchObject({ code: 'key-locked' })
  const wrong = await bench.start('sealed', { env: { COOP_PASSPHRASE: 'wrong' } }).catch(String)
  expect(wrong).toContain('passphrase-wrong')
  const again = await bench.start('sealed', { env })
  expect(again.device).toBe(device)
  await again.stop()
})

/** Mounts a file system in memory, or says that this machine does not let us. */
function mount(path: string, options: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

test.concurrent('a disk that fills up while a file is added leaves nothing half there, and the node goes on', async ({
  skip,
}) => {
  const folder = bench.file('small')
  await mkdir(folder)
  if (!mount(folder, 'size=20m')) return skip('this machine does not allow a mount')
  try {
    const node = await bench.found('small')
    await node.set('menu', 'before', 1)
    await writeFile(bench.file('30 MB'), Buffer.alloc(30_000_000, 3))
    const thrown = await node
      .api('POST', '/v1/assets/add', { paths: [bench.file('30 MB')] })
      .catch((cause: unknown) => cause)
    expect(thrown instanceof ApiError ? thrown.body.error.code : thrown).toBe('disk-full')
    expect(await readdir(join(folder, 'assets'))).toEqual([])
    expect(await readdir(join(folder, 'partial'))).toEqual([])
    expect(await node.api('GET', '/v1/assets')).toEqual({ assets: [] })
    await node.set('menu', 'after', 2)
    expect(await node.fields('menu')).toEqual({ before: 1, after: 2 })
    await node.kill9()
  } finally {
    execFileSync('umount', ['-l', folder])
  }
})

test.concurrent('a full disk refuses writes by name, reads go on, and writes too once there is space', async ({
  skip,
}) => {
  const folder = bench.file('full')
  await mkdir(folder)
  if (!mount(folder, 'size=20m')) return skip('this machine does not allow a mount')
  try {
    const node = await bench.found('full')
    await node.set('menu', 'before', 1)
    // Everything but a few pages; the next writes of the log meet the end of the disk.
    await writeFile(join(folder, 'ballast'), Buffer.alloc(40_000_000)).catch(() => null)
    const big = 'x'.repeat(50_000)
    const refused = await until('a write is refused', async () => {
      return node.set('menu', 'big', big + String(Math.random())).then(
        () => null,
        (cause: unknown) => cause,
      )
    })
    expect(refused instanceof ApiError ? refused.body.error.code : refused).toBe('disk-full')
    expect(await node.fields('menu')).toMatchObject({ before: 1 })
    expect((await node.status()).warnings).toContainEqual(expect.objectContaining({ code: 'disk-full' }))
    await rm(join(folder, 'ballast'))
    await until('a small write is taken', async () => {
      await node.set('menu', 'after', 2)
      return true
    })
    expect(await node.fields('menu')).toMatchObject({ before: 1, after: 2 })
    const acknowledged = await node.status()
    await node.kill9()
    const again = await bench.start('full')
    expect((await again.status()).documents).toEqual(acknowledged.documents)
    await again.kill9()
  } finally {
    execFileSync('umount', ['-l', folder])
  }
})

test('the lock of a process that is gone is taken over, also when its pid runs again', async () => {
  await nas.kill9()
  const lock = join(nas.folder, 'lock')
  expect(await readFile(lock, 'utf8')).toContain(`${nas.pid} `)
  nas = await bench.start('nas')
  await nas.kill9()
  // Our own pid with the start time of another process: a reused pid.
  await writeFile(lock, `${process.pid} 1\n`)
  nas = await bench.start('nas')
  expect((await nas.status()).name).toBe('North Market')
})
