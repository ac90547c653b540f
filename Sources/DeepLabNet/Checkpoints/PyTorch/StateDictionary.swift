import LatticeSupport
import Unaries

/// Finds the tensors in what a checkpoint holds.
///
/// The outermost dictionary is the state dictionary if any of its own values is a tensor; single
/// numbers, such as a count of epochs, do not make it one where dictionaries within have tensors.
/// Otherwise it is the dictionary under the first of the keys `state_dict`, `model_state`,
/// `model_state_dict`, `model`, `net`, `network` or `weights` that leads to tensors, or if there is
/// none of these, the only one that does, or that leads to weights; the same is then asked of that
/// dictionary. Whoever names a dictionary has it taken for the outermost. Within the state
/// dictionary, the keys of nested dictionaries are joined by dots. Keys stay as they are otherwise:
/// a prefix like `module.` is for key schemes to remove. What is neither a tensor nor a dictionary
/// with names for keys is passed over.
struct StateDictionary {
  private static let containers = [
    "state_dict", "model_state", "model_state_dict", "model", "net", "network", "weights",
  ]
  /// Dictionaries deeper inside are not looked at.
  private static let deepest = 16

  private let heap: PickleHeap
  /// Whether tensors lie in a dictionary or below it, by its number.
  private var leads: [Int: Bool] = [:]
  private var collected: Set<Int> = []
  private(set) var tensors: [(name: String, tensor: PickledTensor)] = []
  /// The keys that lead to the state dictionary, joined by dots; empty for the outermost.
  private(set) var path = ""
  /// The paths of other dictionaries that might have been meant.
  private(set) var others: [String] = []

  /// - Parameter state: keys that lead to the dictionary to read, joined by dots; `nil` to look for
  ///   it.
  init(_ value: PickleValue, in heap: PickleHeap, state: String? = nil) throws {
    self.heap = heap
    guard case .dictionary(let outermost) = value else {
      throw Self.unusable("it is \(value.words), not a dictionary")
    }
    _ = try findTensors(in: outermost, depth: 0)
    let start = try state.map { try find($0, in: outermost) } ?? outermost
    path = state ?? ""
    let chosen = try choose(start)
    // A caller that has named a dictionary knows of the others.
    if state != nil { others = [] }
    try collect(chosen, prefix: "")
  }

  /// All tensors of an object that need not be a state dictionary: a tensor, whose name is empty,
  /// those of a list or tuple, by their numbers, or those of a dictionary and of dictionaries
  /// within.
  init(allOf value: PickleValue, in heap: PickleHeap) throws {
    self.heap = heap
    let items = heap.items(of: value)?.enumerated().map { ("\($0.offset)", $0.element) }
    for (name, item) in items ?? [("", value)] {
      switch item {
      case .tensor(let index): tensors.append((name, heap.tensors[index]))
      case .dictionary(let dictionary):
        guard try findTensors(in: dictionary, depth: 0) else { continue }
        try collect(dictionary, prefix: name.isEmpty ? "" : name + ".")
      default: continue
      }
    }
    guard !tensors.isEmpty else {
      throw InputError(
        .data, "holds no tensor: it is \(value.words)",
        remedy: "save the tensor of scores with torch.save(scores, path)")
    }
  }

  /// The dictionary that keys joined by dots lead to; keys may have dots in them.
  private func find(_ state: String, in outermost: Int) throws -> Int {
    func inner(_ path: Substring, in dictionary: Int, depth: Int) -> Int? {
      for (name, inside) in leading(dictionary) where depth < Self.deepest {
        if name == path { return inside }
        if path.hasPrefix(name + "."),
          let found = inner(path.dropFirst(name.count + 1), in: inside, depth: depth + 1)
        {
          return found
        }
      }
      return nil
    }
    if let found = inner(state[...], in: outermost, depth: 0) { return found }
    let names = leading(outermost).prefix(8).map { quoted($0.name) }.joined(separator: ", ")
    throw InputError(
      .usage, "has no dictionary \(quoted(state)) with tensors in it",
      remedy: names.isEmpty
        ? """
        leave \(name: .state) out; \(name: .prefix) chooses among the tensors of one dictionary
        """
        : "choose one of \(names) with \(name: .state)")
  }

  /// The dictionaries in one that lead to tensors.
  private func leading(_ dictionary: Int) -> [(name: String, dictionary: Int)] {
    members(of: dictionary).compactMap { member in
      guard case .dictionary(let index) = member.value, leads[index] == true else { return nil }
      return (member.name, index)
    }
  }

  private static func unusable(_ problem: String) -> InputError {
    InputError(
      .data, "holds no state dictionary: \(problem)",
      remedy: "save model.state_dict() with torch.save")
  }

  /// The entries of a dictionary with names for keys, the last of each name.
  private func members(of dictionary: Int) -> [(name: String, value: PickleValue)] {
    var places: [String: Int] = [:]
    var members: [(name: String, value: PickleValue)] = []
    for (key, value) in heap.dictionaries[dictionary] {
      guard case .string(let name) = key else { continue }
      if let place = places[name] {
        members[place].value = value
      } else {
        places[name] = members.count
        members.append((name, value))
      }
    }
    return members
  }

  /// Notes which dictionaries lead to tensors.
  private mutating func findTensors(in dictionary: Int, depth: Int) throws -> Bool {
    guard depth < Self.deepest else { return false }
    if let known = leads[dictionary] { return known }
    // Until it is known better, lest a circle be followed forever.
    leads[dictionary] = false
    var found = false
    for (_, value) in members(of: dictionary) {
      switch value {
      case .tensor: found = true
      case .dictionary(let inner): found = try findTensors(in: inner, depth: depth + 1) || found
      default: break
      }
    }
    leads[dictionary] = found
    return found
  }

  private mutating func choose(_ start: Int) throws -> Int {
    var dictionary = start
    for _ in 0..<Self.deepest {
      let tensors = members(of: dictionary).compactMap { member -> PickledTensor? in
        if case .tensor(let index) = member.value { heap.tensors[index] } else { nil }
      }
      let inner = leading(dictionary)
      let areNumbers = tensors.allSatisfy { $0.shape.allSatisfy { $0 == 1 } }
      if !tensors.isEmpty, !areNumbers || inner.isEmpty { return dictionary }
      let named = Self.containers.lazy.compactMap { name in inner.first { $0.name == name } }.first
      // An optimiser keeps tensors too, but none that is called a weight.
      let weighty = inner.filter { lastParts(in: $0.dictionary).contains("weight") }
      let only = inner.count == 1 ? inner.first : weighty.count == 1 ? weighty.first : nil
      guard let next = named ?? only else {
        throw undecided(inner.map(\.name))
      }
      let kinds = lastParts(in: next.dictionary)
      for other in inner where other.name != next.name {
        let own = lastParts(in: other.dictionary)
        if 2 * own.intersection(kinds).count >= own.count { others.append(path(to: other.name)) }
      }
      path = path(to: next.name)
      dictionary = next.dictionary
    }
    throw Self.unusable("its dictionaries are nested in a circle")
  }

  private func path(to name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  private func undecided(_ names: [String]) -> InputError {
    guard let first = names.first else { return Self.unusable("there are no tensors in it") }
    let shown = names.prefix(8).map { quoted($0) }.joined(separator: ", ")
    return InputError(
      .data, "holds several dictionaries with tensors: \(shown)",
      remedy: "choose one of them, as in \(set: .state(path(to: first)))")
  }

  /// What the names of the tensors in a dictionary end with, such as `weight` and `running_mean`:
  /// what an optimiser keeps ends otherwise.
  private func lastParts(in dictionary: Int) -> Set<Substring> {
    var parts: Set<Substring> = []
    var seen: Set<Int> = []
    func look(in dictionary: Int) {
      guard seen.insert(dictionary).inserted else { return }
      for (name, value) in members(of: dictionary) {
        switch value {
        case .tensor: parts.insert(name.split(separator: ".").last ?? name[...])
        case .dictionary(let inner) where leads[inner] == true: look(in: inner)
        default: break
        }
      }
    }
    look(in: dictionary)
    return parts
  }

  private mutating func collect(_ dictionary: Int, prefix: String) throws {
    // Stops at a circle, and at dictionaries that repeat others ever more often.
    guard collected.insert(dictionary).inserted else {
      throw Self.unusable("the dictionary \(quoted(prefix)) is there under another name too")
    }
    for (name, value) in members(of: dictionary) {
      let name = prefix + name
      guard name.utf8.count <= longestTensorName else {
        throw Self.unusable("the key \(quoted(name)) is longer than \(longestTensorName) bytes")
      }
      switch value {
      case .tensor(let index): tensors.append((name, heap.tensors[index]))
      case .dictionary(let inner) where leads[inner] == true:
        try collect(inner, prefix: name + ".")
      default: break
      }
    }
  }
}
