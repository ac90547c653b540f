import ArgumentParser
import DeepLabNet
import LatticeSupport
import ToolSupport

/// `deeplab inspect`: what is in a checkpoint, and what it is for.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the tensors of a checkpoint, and the networks that they fit.",
    discussion: """
      Reads .safetensors, .pth, .npz and .caffemodel files, whatever their name, and never runs \
      what is in them.
      """)

  @Argument(help: ArgumentHelp("The checkpoint.", valueName: "file"))
  var file: String

  @OptionGroup var checkpoint: CheckpointOptions

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let contents = CheckpointContents(try checkpoint.open(file))
    if json {
      try StandardOutput.print(json: contents)
    } else {
      try StandardOutput.print(contents.lines.joined(separator: "\n"))
    }
  }
}

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
  /// The dictionary in the file that the tensors are from, and others with weights.
  var state: String?
  var otherStates: [String]
  /// What was taken from the beginning of the names.
  var prefix: String?
  var tensorCount: Int
  var valueCount: Int
  /// The network that the file says it is for, and its classes.
  var network: String?
  var classNames: [String]?
  /// What was learned with the network to refine its scores.
  var refinement: LearnedRefinement?
  /// Tensors of each stored type.
  var types: [String: Int]
  var tensors: [Tensor]
  /// Networks that the tensors fit, the best first.
  var networks: [CheckpointFit]

  private let warnings = WarningReport.all.map(\.description)
  private let formatWords: String

  private enum CodingKeys: CodingKey {
    case version, file, format, state, otherStates, prefix, network, classNames, refinement,
      tensorCount,
      valueCount, types, tensors, networks, warnings
  }

  init(_ checkpoint: CheckpointFile) {
    file = checkpoint.place
    format = checkpoint.format.rawValue
    formatWords = checkpoint.format.words
    state = checkpoint.state
    otherStates = checkpoint.otherStates
    prefix = checkpoint.prefix.isEmpty ? nil : checkpoint.prefix
    let notes = ModelNotes(metadata: checkpoint.metadata)
    (network, classNames, refinement) = (notes.network, notes.classNames, notes.refinement)
    tensors = checkpoint.entries.map { Tensor($0) }
    tensorCount = tensors.count
    valueCount = tensors.map(\.count).reduce(0, +)
    networks = CheckpointFit.best(for: checkpoint)
    types = Dictionary(tensors.map { ($0.type, 1) }, uniquingKeysWith: +)
  }

  /// A summary, and a line for each tensor.
  var lines: [String] {
    let types = types.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    let rows = tensors.map { [visibleText($0.name), $0.shapeText, $0.type] }
    return ["file     \(FolderListing.name(of: file)): \(formatWords)"] + stateLines + [
      "tensors  \(tensorCount): \(types.joined(separator: ", "))",
      "values   \(valueCount)",
    ]
      + (network.map { ["made for \(visibleText($0))"] } ?? [])
      + (refinement.map { ["refined  by \($0.summary)"] } ?? [])
      + (classNames.map { ["classes  " + visibleText($0.joined(separator: ", "))] } ?? [])
      + CheckpointFit.lines(networks) + [""]
      + TextColumns([.left, .left, .left], rows: rows).lines
  }

  private var stateLines: [String] {
    let others = otherStates.map(visibleText).joined(separator: ", ")
    let also = others.isEmpty ? "" : "; there is also \(others)"
    return (state.map { ["state    \(visibleText($0))\(also)"] } ?? [])
      + (prefix.map { ["behind   \(visibleText($0))"] } ?? [])
  }
}

extension CheckpointFit {
  /// For people: one line per network, and below it what does not fit.
  fileprivate static func lines(_ networks: [CheckpointFit]) -> [String] {
    guard !networks.isEmpty else { return ["network  none that is known here"] }
    let rows = networks.map { network in
      [
        network.name, network.classes.map { "\($0) classes" } ?? "no classes",
        "names as in \(network.scheme)"
          + network.prefixes.dropFirst().map { ", or behind \(visibleText($0))" }.joined(),
      ]
    }
    return zip(networks, TextColumns([.left, .right, .left], rows: rows).lines).flatMap {
      network, line in
      [(network.isWhole ? "fits     " : "close    ") + line]
        + network.troubles.map { "         " + $0 }
    }
  }

  private var troubles: [String] {
    (prefixes.count > 1 ? ["  choose one of the prefixes with --prefix"] : [])
      + [
        ("missing", missing), ("of another shape", misshaped), ("not in the network", unexpected),
        ("left out", leftOut),
      ].compactMap { words, items in
        guard let first = items.first else { return nil }
        let share = words == "missing" ? " of \(needed)" : ""
        return "  \(items.count)\(share) \(words)\(items.count == 1 ? ": " : ", such as ")"
          + visibleText(first)
      }
  }
}
