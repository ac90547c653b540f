import MeanField

/// The parameters of a CRF.
package struct JSONCRF: Encodable {
  private var preset: String?
  private var kernels: [JSONKernel]
  private var normalization: String
  private var selfTerm: String
  private var iterations: Int
  private var tolerance: Float
  private var filter: String
  private var threads: Int

  package init(_ settings: CRFSettings) {
    preset = settings.presetName
    kernels = settings.kernels.map { JSONKernel($0) }
    normalization = settings.normalization.rawValue
    selfTerm = settings.selfTerm.rawValue
    iterations = settings.iterations
    tolerance = settings.tolerance
    filter = settings.backend.name
    threads = settings.parallelism.threads
  }
}

/// A kernel: its kind, its weight, and its settings by their own names.
private struct JSONKernel: Encodable {
  private let kernel: KernelDescription

  init(_ kernel: KernelDescription) { self.kernel = kernel }

  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(kernel.kind.name, forKey: Key(stringValue: "kind"))
    try container.encode(kernel.weight, forKey: Key(stringValue: "weight"))
    for (name, value) in kernel.settings.values {
      let key = Key(stringValue: name)
      switch value {
      case .bandwidths(let bandwidths): try container.encode(bandwidths.values, forKey: key)
      case .count(let count): try container.encode(count, forKey: key)
      case .file(let path): try container.encode(path, forKey: key)
      }
    }
  }
}
