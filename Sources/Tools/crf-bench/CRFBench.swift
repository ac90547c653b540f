import ArgumentParser
import Foundation
import Lattice
import MeanField
import Support
import Unaries

/// Times the stages of mean field inference.
@main
struct CRFBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crf-bench",
    abstract: "Time the stages of dense CRF inference on an image and its scores.",
    discussion: """
      Every stage is timed on its own, the whole of them once more together; the figures are medians \
      over the runs. 'ns/px' is nanoseconds a pixel.
      """)

  @Option(help: "The image (PNG or JPEG).") var image: String
  @Option(help: "The scores (npy or npz), labels first; smaller ones are upsampled.")
  var unary: String
  @Option(help: "W1,SA,SB,W2,SG: weights and bandwidths of both kernels; repeats.")
  var parameters: [String] = ["10,80,13,3,3"]
  @Option(help: "Threads; repeats.") var threads: [Int] = [1, Parallelism.automatic.threads]
  @Option(help: "Updates.") var iterations = 10
  @Option(help: "Timed runs, after one that is not.") var runs = 7
  @Option(help: "How to filter.") var filter = "permutohedral"
  @Flag(help: "Print JSON.") var json = false

  func run() throws {
    let image = try ImageFile.read(image)
    let scores = try ScoreMapUnary(NPY.read(unary), kind: .logits, layout: .labelsFirst)
    let planes = try scores.energies(for: image).values.planes()
    var results: [BenchResult] = []
    for parameters in parameters {
      for threads in threads {
        let bench = try Bench(
          image: image, energies: planes, labelCount: scores.labelCount, parameters: parameters,
          backend: FilterBackends.named(filter), threads: threads, iterations: iterations)
        _ = try bench.run()
        results.append(
          BenchResult(
            parameters: parameters, filter: filter, threads: threads, width: image.grid.width,
            height: image.grid.height, labels: scores.labelCount, iterations: iterations,
            runs: try (0..<runs).map { _ in try bench.run() }))
      }
    }
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      print(String(decoding: try encoder.encode(results), as: UTF8.self))
    } else {
      for result in results { print(result.text) }
    }
  }
}
