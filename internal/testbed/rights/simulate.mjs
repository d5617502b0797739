// Decides calls by iam-simulate, which knows IAM's rules and AWS's list of actions,
// resources and condition keys. Standard input is a JSON list of simulations, standard
// output the list of their results: "Allowed", "ExplicitlyDenied", "ImplicitlyDenied",
// or what is wrong with the request.
import { runSimulation } from '@cloud-copilot/iam-simulate'

let text = ''
for await (const piece of process.stdin) text += piece
const results = []
for (const simulation of JSON.parse(text)) {
  const it = await runSimulation(simulation, {})
  results.push(it.resultType === 'error' ? JSON.stringify(it.errors) : it.overallResult)
}
process.stdout.write(JSON.stringify(results))
