import Formats
import LatticeSupport
import Unaries

extension ONNXExport {
  /// The files of an example beside the model at `path`, `net.onnx`: the input `net.image.npy`, and
  /// an array for each output, such as `net.scores.npy`.
  public static func exampleFiles(
    of network: Network, beside path: String
  ) -> (input: String, outputs: [String]) {
    let ending = ".onnx"
    let stem = path.hasSuffix(ending) ? String(path.dropLast(ending.count)) : path
    func file(_ name: String) -> String { "\(stem).\(name).npy" }
    return (file(inputName), network.outputs.map { file($0.name) })
  }

  /// Writes an input and what the network makes of it here, which a runtime's results can be
  /// compared with.
  ///
  /// Convolutions are summed as they are defined: Winograd's sums round differently at
  /// neighbouring positions, which decides between equal values in a pool.
  ///
  /// - Parameters:
  ///   - network: what is computed.
  ///   - parameters: its weights.
  ///   - input: a preprocessed image of a size that the network takes.
  ///   - path: the model; `exampleFiles` stand beside it, as channels × rows × columns of float32.
  ///   - parallelism: the threads to use.
  /// - Throws: `InputError` where the network does not take the input, or a file cannot be written.
  public static func writeExample(
    of network: Network, parameters: any ParameterSource, input: Tensor, beside path: String,
    parallelism: Parallelism = .automatic
  ) throws {
    let (height, width) = (input.shape.height, input.shape.width)
    let prepared = try PreparedNetwork(
      network, parameters: parameters, height: height, width: width, algorithm: .direct)
    let results = try prepared.plan(height: height, width: width)
      .run(input, parallelism: parallelism)
    let files = exampleFiles(of: network, beside: path)
    try NPY.write(scores: input, to: files.input)
    for (file, result) in zip(files.outputs, results) {
      try NPY.write(scores: result, to: file)
    }
  }
}
