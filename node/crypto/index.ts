export { nodeCrypto, nodeSigner } from './node-crypto.ts'
