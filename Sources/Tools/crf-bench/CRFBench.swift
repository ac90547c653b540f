import ArgumentParser
import Formats
import Foundation
import Lattice
import LatticeSupport
import MeanField
import ToolSupport
import Unaries

/// Times the stages of mean field inference.
@main
struct CRFBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crf-bench",
    abstract: "Time the stages of dense CRF inference on an image and its scores.",
    discussion: """
      The image and its scores are files, or made up: give --image with --unary or --energies, or \
      --size and --labels.

      Every run goes from energies in file order (labels, height, width) to marginals in file order; \
      reading files and the softmax of scores are not timed. One run warms up. The figures are \
      medians over the runs; 'ns/px' is nanoseconds a pixel. 'corners' are the vertices and weights of \
      every pixel, 'rows' what they are gathered from and spread to.
      """,
    version: Version.current)

  @Option(help: "The image (PNG or JPEG).") var image: String?
  @Option(help: "Scores before the softmax (npy), labels first; smaller ones are upsampled.")
  var unary: String?
  @Option(help: "Energies −log P of the image's size (npy), labels first, instead of --unary.")
  var energies: String?
  @Option(help: "WxH: the size of a made-up scene, instead of --image; repeats.")
  var size: [PixelSize] = []
  @Option(help: "Labels of a made-up scene; repeats. (default: 21)") var labels: [Int] = []
  @Option(help: "W1,SA,SB,W2,SG: weights and bandwidths of both kernels; repeats.")
  var parameters: [String] = ["10,80,13,3,3"]
  @Option(help: "Threads; repeats.") var threads: [Int] = [1, Parallelism.automatic.threads]
  @Option(help: "Updates.") var iterations = 10
  @Option(help: "Timed runs.") var runs = 7
  @Option(help: "How to filter: \(FilterKind.registry.names.joined(separator: ", ")).")
  var filter = FilterKind.registry.names[0]
  @Option(help: "How to solve: \(SolverKind.registry.names.joined(separator: ", ")).")
  var solver = SolverKind.registry.names[0]
  @OptionGroup var plugins: PluginOptions
  @Flag(help: "Print JSON, with minima and maxima.") var json = false

  @Option(help: "With --filter exact: skip weights below this; 0 evaluates every pair.")
  var threshold: Double?

  func validate() throws {
    if image == nil {
      guard !size.isEmpty, unary == nil, energies == nil else {
        throw ValidationError("give --image with --unary or --energies, or --size")
      }
    } else {
      guard (unary == nil) != (energies == nil), size.isEmpty, labels.isEmpty else {
        throw ValidationError("give either --unary or --energies with --image, and no --size")
      }
    }
    guard runs >= 1, iterations >= 0, threads.allSatisfy({ $0 >= 1 }) else {
      throw ValidationError("--runs and --threads must be at least 1, --iterations at least 0")
    }
    guard labels.allSatisfy({ $0 >= 1 }) else {
      throw ValidationError("--labels must be at least 1")
    }
    guard threshold == nil || filter == ExactBackend().name else {
      throw ValidationError("--threshold is for --filter exact")
    }
    guard (threshold ?? 0) >= 0 else { throw ValidationError("--threshold must be at least 0") }
  }

  static func main() { runAsTool() }

  func run() throws {
    let backend: any FilterBackend =
      try threshold.map { ExactBackend(threshold: $0) }
      ?? Self.backend(filter)
    let solver = try Description<SolverKind>(solver: .text(self.solver)).solver
    var results: [BenchResult] = []
    try forEachScene { image, planes, labelCount in
      for parameters in parameters {
        for threads in threads {
          let bench = try Bench(
            image: image, energies: planes, labelCount: labelCount, parameters: parameters,
            backend: backend, threads: threads, iterations: iterations, solver: solver)
          _ = try bench.run()
          results.append(
            BenchResult(
              parameters: parameters, filter: filter, threads: threads, width: image.grid.width,
              height: image.grid.height, labels: labelCount, iterations: iterations,
              runs: try (0..<runs).map { _ in try bench.run() }))
        }
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

  private static func backend(_ text: String) throws -> any FilterBackend {
    let description = try Description(JSONValue(description: text), in: FilterKind.registry)
    return try description.kind.make(description.settings)
  }

  /// Calls `body` with the image, its energies in file order and the number of labels, for every
  /// scene.
  private func forEachScene(_ body: (Image, [Float], Int) throws -> Void) throws {
    if let image {
      let image = try ImageFile.read(image)
      let (planes, labelCount) = try readEnergies(for: image)
      return try body(image, planes, labelCount)
    }
    for size in size {
      for labels in labels.isEmpty ? [21] : labels {
        let scene = try SyntheticScene(
          width: size.width, height: size.height, labels: labels, parallelism: .automatic)
        try body(scene.image, scene.energies, labels)
      }
    }
  }

  /// Energies in file order, and the number of labels.
  private func readEnergies(for image: Image) throws -> (planes: [Float], labelCount: Int) {
    if let energies {
      let array = try NPY.read(energies)
      guard array.shape.count == 3, Array(array.shape.dropFirst()) == image.grid.extents else {
        throw InputError(
          .data, at: energies, "energies of shape \(array.shape) do not fit \(image.grid)",
          remedy: "energies are (labels, height, width), of the image's size")
      }
      return (array.values, array.shape[0])
    }
    let scores = try ScoreMapUnary(
      NPY.read(unary ?? ""), kind: .logits, layout: .channelsFirst)
    return (try scores.energies(for: image).values.planes(), scores.labelCount)
  }
}
