import Foundation

/// The timings of one configuration.
struct BenchResult: Encodable {
  let parameters: String
  let filter: String
  let threads: Int
  let width: Int
  let height: Int
  let labels: Int
  let iterations: Int
  let medianSeconds: [String: Double]
  let minimumSeconds: [String: Double]
  let maximumSeconds: [String: Double]
  /// What the inference held in memory; `nil` for filters without rows.
  let bytes: [String: Int]?
  let rowsPerPoint: Double?

  static let stages = ["unary", "filters", "inference", "output", "total"]

  init(
    parameters: String, filter: String, threads: Int, width: Int, height: Int, labels: Int,
    iterations: Int, runs: [Bench.Run]
  ) {
    self.parameters = parameters
    self.filter = filter
    self.threads = threads
    self.width = width
    self.height = height
    self.labels = labels
    self.iterations = iterations
    func figure(_ pick: ([Double]) -> Double) -> [String: Double] {
      Dictionary(
        uniqueKeysWithValues: Self.stages.map { stage in
          (stage, pick(runs.compactMap { $0.seconds[stage] }.sorted()))
        })
    }
    medianSeconds = figure { $0[$0.count / 2] }
    minimumSeconds = figure { $0[0] }
    maximumSeconds = figure { $0[$0.count - 1] }
    bytes = runs.first?.footprint.map {
      ["energies": $0.energies, "corners": $0.corners, "rows": $0.rows]
    }
    rowsPerPoint = runs.first?.footprint?.rowsPerPoint
  }

  /// A line for people.
  var text: String {
    let pixels = Double(width * height)
    let stages = Self.stages.map { stage in
      let seconds = medianSeconds[stage] ?? 0
      return String(format: "%@ %.1f ms (%.0f ns/px)", stage, 1e3 * seconds, 1e9 * seconds / pixels)
    }
    return "\(width)×\(height)×\(labels) (\(parameters)) \(filter), \(iterations) iterations, "
      + "\(threads) threads: " + stages.joined(separator: ", ") + memory
  }

  private var memory: String {
    guard let bytes, let rowsPerPoint else { return "" }
    func megabytes(_ part: String) -> String {
      String(format: "%.0f", Double(bytes[part] ?? 0) / 1e6)
    }
    return "; energies \(megabytes("energies")) MB, corners \(megabytes("corners")) MB, rows "
      + "\(megabytes("rows")) MB (" + String(format: "%.2f", rowsPerPoint) + " a pixel)"
  }
}
