import DeepLabNet
import Support
import ToolSupport

/// What `deeplab inspect` tells of a checkpoint, for people and as JSON.
struct CheckpointContents: Encodable {
  struct Tensor: Encodable {
    var name: String
    var shape: [Int]
    /// As stored.
    var type: String
    var count: Int

    init(_ entry: CheckpointEntry) {
      name = entry.name
      shape = entry.shape
      type = entry.storedType
      count = entry.count
    }

    var shapeText: String {
      shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: "×")
    }
  }

  var version = Version.current
  var file: String
  var format: String
  var tensorCount: Int
  var valueCount: Int
  /// The network that the file says it is for, and its classes.
  var network: String?
  var classNames: [String]?
  /// Tensors of each stored type.
  var types: [String: Int]
  var tensors: [Tensor]
  /// Networks that the tensors fit, the best first.
  var networks: [NetworkFit]

  private let formatWords: String

  private enum CodingKeys: CodingKey {
    case version, file, format, network, classNames, tensorCount, valueCount, types, tensors,
      networks
  }

  init(_ checkpoint: CheckpointFile) {
    file = checkpoint.place
    format = checkpoint.format.rawValue
    formatWords = checkpoint.format.words
    let notes = ModelNotes(metadata: checkpoint.metadata)
    (network, classNames) = (notes.network, notes.classNames)
    tensors = checkpoint.entries.map { Tensor($0) }
    tensorCount = tensors.count
    valueCount = tensors.map(\.count).reduce(0, +)
    networks = CheckpointFit.best(for: checkpoint).map { NetworkFit($0) }
    types = Dictionary(tensors.map { ($0.type, 1) }, uniquingKeysWith: +)
  }

  /// A summary, and a line for each tensor.
  var lines: [String] {
    let types = types.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    let rows = tensors.map { [Self.visible($0.name), $0.shapeText, $0.type] }
    return [
      "file     \(FileSystem.name(of: file)): \(formatWords)",
      "tensors  \(tensorCount): \(types.joined(separator: ", "))",
      "values   \(valueCount)",
    ]
      + (network.map { ["made for \(Self.visible($0))"] } ?? [])
      + (classNames.map { ["classes  " + Self.visible($0.joined(separator: ", "))] } ?? [])
      + NetworkFit.lines(networks) + [""]
      + TextColumns([.left, .left, .left], rows: rows).lines
  }

  /// A name from a file without what would control a terminal.
  static func visible(_ name: String) -> String {
    var result = ""
    for scalar in name.unicodeScalars {
      result.unicodeScalars.append(scalar.properties.generalCategory == .control ? "?" : scalar)
    }
    return result
  }
}
