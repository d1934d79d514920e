// A process that decides the matrix with the npm package @cloud-copilot/iam-simulate: `node simulate.mjs MATRIX_FILE
// FOLDER`, where FOLDER/node_modules holds it. Tasks and answers as in decide.py; `function` is a name of CALLS below.

import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const [matrixFile, folder] = process.argv.slice(2)
const load = (name) => import(pathToFileURL(`${folder}/node_modules/@cloud-copilot/${name}/dist/esm/index.js`))
const { runSimulation, runUnsafeSimulation } = await load('iam-simulate')
const { createValidatedPolicy, validateIdentityPolicy, validateResourcePolicy } = await load('iam-policy')
const matrix = JSON.parse(readFileSync(matrixFile, 'utf8'))

// By mode, key, role and action, as in decide.py. What the engine derives from the caller and the key is given here.
function questions(keys, forms) {
  const { account } = matrix
  const asked = []
  const policies = new Map(matrix.keys.slice(0, keys).map((key) => [key, forms.resource(key.policy)]))
  for (const mode of matrix.modes) {
    const attached = new Map(matrix.roles.map((role) => [role, forms.identity(role.identity[mode])]))
    for (const [key, resourcePolicy] of policies)
      for (const role of matrix.roles)
        for (const action of matrix.actions) {
          const contextVariables = {
            'aws:SecureTransport': 'true',
            'aws:PrincipalAccount': account,
            'aws:PrincipalArn': `arn:aws:iam::${account}:role/${role.name}`,
            'aws:PrincipalType': 'AssumedRole',
            'aws:ResourceAccount': account,
          }
          for (const [name, value] of Object.entries(role.tags)) contextVariables[`aws:PrincipalTag/${name}`] = value
          for (const [name, value] of Object.entries(key.tags)) contextVariables[`aws:ResourceTag/${name}`] = value
          asked.push({
            request: {
              principal: `arn:aws:sts::${account}:assumed-role/${role.name}/session`,
              action,
              resource: { resource: key.arn, accountId: account },
              contextVariables,
            },
            identityPolicies: [{ name: 'role policy', policy: attached.get(role) }],
            serviceControlPolicies: [],
            resourceControlPolicies: [],
            resourcePolicy,
          })
        }
  }
  return asked
}

async function simulated(question) {
  const result = await runSimulation(question, {})
  return result.resultType === 'error' ? `error: ${JSON.stringify(result.errors)}` : result.overallResult
}

// The package's forms of a policy: a document, which runSimulation validates at each call, or one that was validated
// before. runUnsafeSimulation cannot read a resource policy in the first form.
const DOCUMENTS = { identity: (policy) => policy, resource: (policy) => policy }
const validated = (policy, validate) => createValidatedPolicy(policy, validate, { name: 'policy' })
const VALIDATED = {
  identity: (policy) => validated(policy, validateIdentityPolicy),
  resource: (policy) => validated(policy, validateResourcePolicy),
}
const CALLS = {
  runSimulation: { forms: DOCUMENTS, call: simulated },
  'runSimulation, policies validated before': { forms: VALIDATED, call: simulated },
  runUnsafeSimulation: { forms: VALIDATED, call: (question) => runUnsafeSimulation(question, {}) },
}

const asked = new Map()
for await (const line of createInterface({ input: process.stdin })) {
  const task = JSON.parse(line)
  const { forms, call } = CALLS[task.function]
  const name = `${task.function} ${task.keys}`
  if (!asked.has(name)) asked.set(name, questions(task.keys, forms))
  const all = asked.get(name)
  if (task.answers) {
    const answers = []
    for (const question of all) answers.push(await call(question))
    console.log(JSON.stringify({ answers }))
    continue
  }
  // Fewer decisions than questions are spread over all of them.
  const step = Math.max(1, Math.floor(all.length / task.decisions))
  const start = process.cpuUsage()
  for (let count = 0; count < task.decisions; count++) {
    const outcome = call(all[(count * step) % all.length])
    if (outcome instanceof Promise) await outcome
  }
  const used = process.cpuUsage(start)
  console.log(JSON.stringify({ seconds: (used.user + used.system) / 1e6 }))
}
