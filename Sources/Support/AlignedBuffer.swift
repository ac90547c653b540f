/// A fixed-size block of memory that starts on a cache line.
///
/// The block is shared by reference; the value types built on it (`ChannelField` and others) copy it
/// before a write when it is not theirs alone.
package final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  /// Bytes; one cache line, and the widest vector register in use.
  package static var alignment: Int { 64 }

  package let count: Int
  package let base: UnsafeMutablePointer<Element>

  /// Room for `count` elements, with unspecified contents.
  package init(uninitialized count: Int) {
    precondition(count >= 0, "a buffer cannot hold \(count) elements")
    self.count = count
    let raw = UnsafeMutableRawPointer.allocate(
      byteCount: max(1, count) * MemoryLayout<Element>.stride, alignment: Self.alignment)
    base = raw.bindMemory(to: Element.self, capacity: max(1, count))
  }

  package convenience init(repeating value: Element, count: Int) {
    self.init(uninitialized: count)
    base.update(repeating: value, count: count)
  }

  package convenience init(copying other: AlignedBuffer<Element>) {
    self.init(uninitialized: other.count)
    base.update(from: other.base, count: count)
  }

  package convenience init(copying values: [Element]) {
    self.init(uninitialized: values.count)
    for (index, value) in values.enumerated() { base[index] = value }
  }

  deinit {
    UnsafeMutableRawPointer(base).deallocate()
  }

  package subscript(index: Int) -> Element {
    get {
      assert(index >= 0 && index < count)
      return base[index]
    }
    set {
      assert(index >= 0 && index < count)
      base[index] = newValue
    }
  }
}
