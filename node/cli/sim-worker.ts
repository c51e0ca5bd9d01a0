import { fileURLToPath } from 'node:url'
import { nodeCrypto, nodeSigner } from '#node/crypto'
import { codeVersion, serveTasks } from '#simulations/cli'

// A process that carries out simulated runs, one after the other.
serveTasks({
  crypto: nodeCrypto(),
  signer: nodeSigner,
  version: codeVersion(fileURLToPath(new URL('../..', import.meta.url))),
})
