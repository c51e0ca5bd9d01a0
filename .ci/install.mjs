// Installs what is missing, so that `npm start` and `npm test` work on a fresh clone. Plain JavaScript: the
// machine's own Node (20 or newer) runs it before Node 24, a dependency, is there.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const installed = join(root, 'node_modules', '.package-lock.json')
const lock = join(root, 'package-lock.json')

/** True when node_modules holds exactly the packages and versions that package-lock.json names. */
function isInstalled() {
  if (!existsSync(installed) || !existsSync(join(root, 'node_modules', '.bin', 'node'))) return false
  if (statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return true
  const versions = (file) => Object.entries(JSON.parse(readFileSync(file, 'utf8')).packages)
  const present = new Map(versions(installed).map(([path, entry]) => [path, entry.version]))
  return versions(lock).every(
    ([path, entry]) => path === '' || entry.optional || present.get(path) === entry.version,
  )
}

if (!isInstalled()) {
  process.stderr.write('coopmesh: installing what is missing (once, about a minute)\n')
  // Not `npm ci`: it fails where the registry does not offer the optional builds of other platforms. The lock file still
  // fixes every version and checks every hash.
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']
  const result = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (result.status !== 0 || !existsSync(join(root, 'node_modules', '.bin', 'node'))) {
    process.stderr.write(
      'coopmesh: `npm install` failed. Check the network and that this folder is writable, then run the command again.\n',
    )
    process.exit(1)
  }
}
