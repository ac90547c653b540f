import LatticeSupport
import Unaries

extension KeyScheme {
  /// The scheme, and the prefix before its keys, under which most parameters of the network are
  /// among `names`.
  ///
  /// A prefix is whatever stands before keys, up to a dot: programs wrap networks in modules of any
  /// name, and wrap them again.
  /// - Throws: `InputError` where no scheme finds a single one, or where several prefixes lead to
  ///   as much of the network.
  public static func guess(for network: Network, names: some Sequence<String>) throws -> KeyScheme {
    let names = Set(names)
    return try chosen(from: candidates(for: network, names: names).schemes, network, names)
  }

  /// The scheme that finds most parameters, once for each prefix that leads to as many, and how
  /// many they are. The shortest prefix stands first.
  static func candidates(
    for network: Network, names: Set<String>
  ) -> (schemes: [KeyScheme], found: Int) {
    let parameters = network.parameters.map(\.name)
    // The first of equals: the schemes are listed by how much they leave to chance.
    var best: (schemes: [KeyScheme], found: Int) = ([], 0)
    for scheme in all {
      let found = prefixes(before: parameters.compactMap(scheme.key), in: names)
      guard let most = found.values.max(), most > best.found else { continue }
      let prefixes = found.filter { $0.value == most }.keys
        .sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
      // A few names are alike by chance: only what is most of a network is a rival.
      let isRivalry = 2 * most > parameters.count
      best = (prefixes.prefix(isRivalry ? prefixes.count : 1).map(scheme.with(prefix:)), most)
    }
    return best
  }

  /// - Throws: `InputError` unless there is one.
  static func chosen(
    from candidates: [KeyScheme], _ network: Network, _ names: Set<String>
  ) throws -> KeyScheme {
    guard let first = candidates.first else {
      let example = names.min().map { ", but tensors such as \(quoted($0))" } ?? ""
      throw InputError(
        .data,
        "holds none of the network's parameters, such as \(network.parameters.first?.name ?? "")"
          + example,
        remedy: "choose the network that it was made for")
    }
    guard candidates.count == 1 else {
      let shown = candidates.prefix(8).map { quoted($0.prefix) }.joined(separator: ", ")
      let example = candidates.first { !$0.prefix.isEmpty }?.prefix ?? ""
      throw InputError(
        .data, "holds the network's parameters behind each of the prefixes \(shown)",
        remedy: "choose one of them, as in \(set: .prefix(example))")
    }
    return first
  }

  /// How many of `keys` stand behind each prefix among `names`.
  private static func prefixes(
    before keys: [String], in names: Set<String>
  ) -> [String: Int] {
    let keys = Set(keys.map { $0[...] })
    func dots(_ text: Substring) -> Int { text.utf8.count { $0 == UInt8(ascii: ".") } }
    guard let deepest = keys.lazy.map(dots).max() else { return [:] }
    var counts: [String: Int] = [:]
    for name in names {
      var start = name.endIndex
      // No key has more parts, so names of any length cost no more.
      for _ in 0...deepest {
        let dot = name[..<start].lastIndex(of: ".")
        let tail = name[(dot.map(name.index(after:)) ?? name.startIndex)...]
        if keys.contains(tail) { counts[String(name[..<tail.startIndex]), default: 0] += 1 }
        guard let dot else { break }
        start = dot
      }
    }
    return counts
  }
}
