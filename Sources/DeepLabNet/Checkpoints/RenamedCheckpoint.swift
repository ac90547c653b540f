import LatticeSupport
import Unaries

/// Tensors of a checkpoint under other names, or only some of them.
struct RenamedCheckpoint: Checkpoint {
  let entries: [CheckpointEntry]
  private let original: any Checkpoint
  /// The names in the original, by those here.
  private let originalNames: [String: String]

  var place: String { original.place }
  var metadata: [String: String] { original.metadata }

  /// - Parameters:
  ///   - original: where the tensors are.
  ///   - newName: the name here of a tensor there; `nil` to leave it out. No two are the same.
  private init(_ original: any Checkpoint, _ newName: (String) -> String?) {
    self.original = original
    var names: [String: String] = [:]
    entries = original.entries.compactMap { entry in
      guard let name = newName(entry.name) else { return nil }
      names[name] = entry.name
      return CheckpointEntry(name: name, shape: entry.shape, storedType: entry.storedType)
    }
    originalNames = names
  }

  func values(of name: String) throws -> ParameterValues {
    guard let original = originalNames[name] else {
      throw missingTensor(name, in: entries, at: place)
    }
    return try self.original.values(of: original)
  }
}

extension RenamedCheckpoint {
  /// The tensors behind a prefix, without it.
  ///
  /// - Parameter prefix: ends with a dot.
  /// - Throws: `InputError` where there are none.
  init(_ original: any Checkpoint, behind prefix: String) throws {
    self.init(original) { name in
      name.hasPrefix(prefix) && name != prefix ? String(name.dropFirst(prefix.count)) : nil
    }
    guard !entries.isEmpty else {
      let first = Set(
        original.entries.compactMap { entry in
          entry.name.firstIndex(of: ".").map { entry.name[...$0] }
        })
      let shown = first.sorted().prefix(8).map { quoted($0) }.joined(separator: ", ")
      throw InputError(
        .usage, at: place, "has no tensor whose name begins with '\(prefix)'",
        remedy: shown.isEmpty
          ? "leave \(name: .prefix) out: no name there has a prefix" : "names begin with \(shown)")
    }
  }

  /// The tensors without the wrappers that stand within their names; `nil` where there are none.
  ///
  /// PyTorch's own wrappers of parts of a network have private names, as in
  /// `backbone._orig_mod.conv1.weight`, but for DataParallel's `module`. What stands first in a
  /// name is a prefix, and stays.
  init?(unwrapping original: any Checkpoint) {
    func unwrapped(_ name: String) -> String {
      let parts = name.split(separator: ".", omittingEmptySubsequences: false)
      let inner = parts.dropFirst().filter { !$0.hasPrefix("_") && $0 != "module" }
      return inner.count + 1 == parts.count
        ? name : (parts.prefix(1) + inner).joined(separator: ".")
    }
    let names = original.entries.map { unwrapped($0.name) }
    let isChanged = zip(names, original.entries).contains { $0 != $1.name }
    guard isChanged, Set(names).count == names.count else { return nil }
    self.init(original, unwrapped)
  }
}

extension KeyScheme {
  /// How a checkpoint calls the parameters of a network, with the checkpoint under the names that
  /// it then has.
  ///
  /// - Parameter scheme: how it calls them, where that is known.
  /// - Throws: `InputError` where no scheme finds any, or several prefixes lead to the network.
  static func reading(
    _ checkpoint: any Checkpoint, for network: Network, as scheme: KeyScheme? = nil
  ) throws -> (scheme: KeyScheme, checkpoint: any Checkpoint) {
    if let scheme { return (scheme, checkpoint) }
    let (candidates, reading) = readings(checkpoint, for: network)
    let scheme = try chosen(from: candidates, network, Set(reading.entries.map(\.name)))
    return (scheme, reading)
  }

  /// All that is as likely.
  static func readings(
    _ checkpoint: any Checkpoint, for network: Network
  ) -> (schemes: [KeyScheme], checkpoint: any Checkpoint) {
    let stored = candidates(for: network, names: Set(checkpoint.entries.lazy.map(\.name)))
    guard stored.found < network.parameters.count,
      let unwrapped = RenamedCheckpoint(unwrapping: checkpoint)
    else { return (stored.schemes, checkpoint) }
    let found = candidates(for: network, names: Set(unwrapped.entries.lazy.map(\.name)))
    return found.found > stored.found
      ? (found.schemes, unwrapped) : (stored.schemes, checkpoint)
  }
}
