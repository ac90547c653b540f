// Writes small networks as ONNX models into a folder, with an input and the result of each, for
// Benchmarks/check_onnx.
import Foundation
import LatticeSupport

/// EX_USAGE of sysexits.h.
let usageError: Int32 = 64

func fail(_ message: String, code: Int32) -> Never {
  FileHandle.standardError.write(Data((message + "\n").utf8))
  exit(code)
}

guard CommandLine.arguments.count == 2 else { fail("usage: onnx-cases FOLDER", code: usageError) }
do {
  for item in ONNXCase.all { try item.write(to: CommandLine.arguments[1]) }
} catch {
  fail("onnx-cases: \(error)", code: EXIT_FAILURE)
}
