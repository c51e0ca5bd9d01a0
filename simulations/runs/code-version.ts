import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Which code ran: a run is the same again only under the same code. */
export interface CodeVersion {
  /** SHA-256 over the sources of `protocol/` and `simulations/` and the versions of dependencies, 16 hex digits. */
  readonly code: string
  /** As `process.version`. Runs do not depend on it; a failure folder names it all the same. */
  readonly node: string
}

/** The version of the code that lies here. `root`: folder of the project. */
export function codeVersion(root: string): CodeVersion {
  const hash = createHash('sha256')
  for (const folder of ['protocol', 'simulations']) {
    const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    for (const name of names.map((it) => it.replaceAll('\\', '/')).sort()) {
      if (!name.endsWith('.ts') || name.endsWith('.test.ts')) continue
      // What shows and stores results does not change them.
      if (folder === 'simulations' && /^(cli|report|campaign)\//.test(name)) continue
      hash
        .update(`${folder}/${name}\0`)
        .update(readFileSync(join(root, folder, name)))
        .update('\0')
    }
  }
  hash.update(readFileSync(join(root, 'package-lock.json')))
  return { code: hash.digest('hex').slice(0, 16), node: process.version }
}
