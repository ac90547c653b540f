import LatticeSupport
import Unaries

extension PickleHeap {
  /// What calling `callable` would make.
  mutating func build(_ callable: PickleValue, _ arguments: PickleValue) throws -> PickleValue {
    guard case .global(let global) = callable, case .tuple(let index) = arguments else {
      throw PickleMachine.malformed("a call of \(callable.words)")
    }
    let arguments = tuples[index]
    switch global {
    case .inert: return .inert
    case .orderedDictionary: return try orderedDictionary(arguments)
    case .rebuildTensor: return try tensor(arguments)
    case .rebuildParameter:
      guard case .tensor? = arguments.first else {
        throw PickleMachine.malformed("a parameter that is not a tensor")
      }
      return arguments[0]
    case .size:
      guard arguments.count == 1, case .tuple = arguments[0] else {
        throw PickleMachine.malformed("sizes that are not a tuple")
      }
      return arguments[0]
    case .storage: throw PickleMachine.malformed("a call of a storage")
    }
  }

  /// Empty, or with the pairs of a list, as Python 2 wrote it.
  private mutating func orderedDictionary(_ arguments: [PickleValue]) throws -> PickleValue {
    let result = dictionary()
    guard let argument = arguments.first else { return result }
    guard let pairs = items(of: argument), case .dictionary(let index) = result else {
      throw PickleMachine.malformed("a dictionary of \(argument.words)")
    }
    copiesLeft -= pairs.count
    guard copiesLeft >= 0 else { throw PickleMachine.malformed("too many pairs of dictionaries") }
    for pair in pairs {
      guard let pair = items(of: pair), pair.count == 2 else {
        throw PickleMachine.malformed("a dictionary of something other than pairs")
      }
      dictionaries[index].append((pair[0], pair[1]))
    }
    return result
  }

  /// `('storage', class, key, device, elements)`, and in old files a part of another storage.
  mutating func storage(persistentID: PickleValue) throws -> PickleValue {
    let malformed = PickleMachine.malformed("a storage that is not described as PyTorch does it")
    guard let fields = items(of: persistentID), (5...6).contains(fields.count),
      case .string("storage") = fields[0], case .global(.storage(let number)) = fields[1],
      case .string(let key) = fields[2], case .integer(let count) = fields[4], count >= 0
    else { throw malformed }
    guard !key.contains("/"), !key.isEmpty else {
      throw PickleMachine.malformed("a storage of the name \(quoted(key)), which is a path")
    }
    var part = 0..<count
    if fields.count == 6, let view = items(of: fields[5]) {
      // The key of the view itself says nothing.
      guard view.count == 3, case .integer(let offset) = view[1],
        case .integer(let length) = view[2], offset >= 0, length >= 0, offset <= count,
        length <= count - offset
      else { throw malformed }
      part = offset..<offset + length
    }
    storages.append(PickledStorage(number: number, key: key, count: count, part: part))
    return .storage(storages.count - 1)
  }

  private mutating func tensor(_ arguments: [PickleValue]) throws -> PickleValue {
    guard arguments.count >= 4, case .storage(let storage) = arguments[0],
      case .integer(let offset) = arguments[1], let shape = integers(of: arguments[2]),
      let strides = integers(of: arguments[3])
    else { throw PickleMachine.malformed("a tensor that is not described as PyTorch does it") }
    let tensor = PickledTensor(storage: storage, offset: offset, shape: shape, strides: strides)
    try check(tensor)
    tensors.append(tensor)
    return .tensor(tensors.count - 1)
  }

  /// - Throws: `InputError` unless every element of the tensor lies in its storage.
  private func check(_ tensor: PickledTensor) throws {
    let storage = storages[tensor.storage]
    let (shape, strides) = (tensor.shape, tensor.strides)
    let count = try tensorSize(shape, elementSize: storage.number.size).count
    guard strides.count == shape.count else {
      throw PickleMachine.malformed("a tensor of \(shape.count) sizes and \(strides.count) strides")
    }
    guard tensor.offset >= 0, strides.allSatisfy({ $0 >= 0 }) else {
      throw PickleMachine.malformed("a tensor with a negative offset or stride")
    }
    // Few bytes could stand for any number of elements where strides are 0.
    let mostRepeated = 1 << 20
    guard count <= max(storage.part.count, mostRepeated) else {
      throw PickleMachine.malformed(
        "a tensor of \(count) elements over a storage of \(storage.part.count)")
    }
    let last = count == 0 ? tensor.offset : Self.lastElement(tensor)
    guard let last, last < storage.part.count || count == 0 && last <= storage.part.count else {
      throw PickleMachine.malformed(
        "a tensor that reaches beyond its storage of \(storage.part.count) elements")
    }
  }

  /// The farthest element from the start of the storage; `nil` where no number is so large.
  private static func lastElement(_ tensor: PickledTensor) -> Int? {
    zip(tensor.shape, tensor.strides).reduce(tensor.offset) { last, axis in
      let (reach, tooFar) = (axis.0 - 1).multipliedReportingOverflow(by: axis.1)
      guard let last, !tooFar else { return nil }
      let (sum, overflow) = last.addingReportingOverflow(reach)
      return overflow ? nil : sum
    }
  }
}
