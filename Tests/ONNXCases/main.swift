// Writes small networks as ONNX models into a folder, with an input and the result of each, for
// Benchmarks/check_onnx.
import Support

guard CommandLine.arguments.count == 2 else { fatalError("usage: onnx-cases FOLDER") }
do {
  for item in ONNXCase.all { try item.write(to: CommandLine.arguments[1]) }
} catch {
  fatalError("\(error)")
}
